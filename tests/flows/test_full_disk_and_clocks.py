"""A disk that fills up under load, and clocks that jump: acknowledged commands are not lost."""

import os
import pwd
import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from placet.runtime.postgres.paths import cluster_paths
from placet.runtime.supervisor.state import read_state
from tests.flows.test_crashes import Record, assert_proved, placet

pytestmark = [
    pytest.mark.processes, pytest.mark.models, pytest.mark.soak,
    pytest.mark.promise("P1"), pytest.mark.promise("P2"), pytest.mark.promise("P3"), pytest.mark.promise("P6"),
]  # fmt: skip
MOVED_CLOCK: Final = Path(__file__).with_name("moved_clock.c")
TIMES: Final = 2
HOUR: Final = 3_600
DAY: Final = 24 * HOUR


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_fills_up_again_and_again_loses_nothing(tmp_path: Path, record_property: Record) -> None:
    home = tmp_path / "home"
    folder = cluster_paths(home)
    with small_disk(home, None), small_disk(folder.root, folder.user):
        disks = (home, folder.root)
        with now_and_then(home, lambda: fill(disks), lambda: free(disks)):
            answer = attack(home)
        assert (home / "filled").exists(), "the disk was never full"
    assert_proved(answer, record_property)


@pytest.mark.skipif(shutil.which("cc") is None, reason="a C compiler is missing: apt-get install gcc libc6-dev")
@pytest.mark.parametrize("jump", [HOUR, -HOUR, 400 * DAY, -400 * DAY])
def test_clocks_that_jump_under_load_break_no_promise(tmp_path: Path, jump: int, record_property: Record) -> None:
    """The clocks of every process, PostgreSQL included; the monotonic clocks continue."""
    with TemporaryDirectory(prefix="placet-clock-") as shared:
        Path(shared).chmod(0o755)  # PostgreSQL reads both as another user
        answer = attack_with_moved_clocks(tmp_path / "home", Path(shared), jump)
    assert_proved(answer, record_property)
    assert "cannot be preloaded" not in "".join(log.read_text() for log in (tmp_path / "home" / "log").iterdir())


def attack_with_moved_clocks(home: Path, shared: Path, jump: int) -> dict[str, Any]:
    moves, preloaded = shared / "offset", shared / "moved_clock.so"
    move(moves, 0)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(preloaded), str(MOVED_CLOCK)], check=True)
    environment = {"LD_PRELOAD": str(preloaded), "MOVED_CLOCK": str(moves)}
    with now_and_then(home, lambda: move(moves, jump), lambda: move(moves, 0)):
        return attack(home, **environment)


def move(moves: Path, seconds: int) -> None:
    """Write in place: every process has the file mapped."""
    with moves.open("r+b" if moves.exists() else "wb") as file:
        file.write(seconds.to_bytes(8, "little", signed=True))


def attack(home: Path, **more: str) -> dict[str, Any]:
    code, answer, stderr = placet(home, "chaos", "--kills", "12", "--seed", "3", **more)
    assert code == 0, answer.get("promises", stderr[-2000:])
    return answer


@contextmanager
def now_and_then(home: Path, begin: Any, end: Any, lasts: float = 6.0, between: float = 6.0) -> Iterator[None]:
    """Call `begin` and `end` in turn once everything is ready."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set() and not ((state := read_state(home)) and state.ready):
            over.wait(0.5)
        over.wait(between)
        for _ in range(TIMES):  # both are back to normal before the promises are checked
            begin()
            over.wait(lasts)
            end()
            over.wait(between)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def small_disk(folder: Path, user: pwd.struct_passwd | None) -> Iterator[None]:
    owner = f"uid={user.pw_uid},gid={user.pw_gid}," if user else ""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"{owner}size=700m,mode=700", "none", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def fill(disks: Iterable[Path]) -> None:
    for disk in disks:
        (disk / "filled").touch()
        with (disk / "filler").open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
            except OSError:
                continue


def free(disks: Iterable[Path]) -> None:
    for disk in disks:
        (disk / "filler").unlink(missing_ok=True)
