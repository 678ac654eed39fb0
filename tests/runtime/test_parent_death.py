"""Children that die with their parent."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

PARENT = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import os, time
from placet.devtools.evaluation.acceptance import _load
if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, get_context("spawn"), {initializer}, {arguments})
    print(pool.submit(os.getpid).result(), flush=True)
    time.sleep(60)
"""


@pytest.mark.processes
@pytest.mark.parametrize(
    ("initializer", "arguments", "ends"),
    [("_load", ("scene", None), True), pytest.param(None, (), False, id="control")],
)
def test_an_evaluation_worker_dies_with_its_parent(
    tmp_path: Path, initializer: str | None, arguments: tuple[str | None, ...], *, ends: bool
) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT.format(initializer=initializer, arguments=arguments))
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    with parent, parent.stdout as output:  # type: ignore[union-attr]  # it is a pipe
        child = int(output.readline())
        parent.kill()
        try:
            assert is_gone(child, 120.0 if ends else 1.0) is ends
        finally:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


def is_gone(pid: int, within_seconds: float) -> bool:
    until, stat = time.monotonic() + within_seconds, Path(f"/proc/{pid}/stat")
    while time.monotonic() < until:
        try:
            state = stat.read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
