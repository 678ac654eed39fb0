"""`with ensure_running(home)`: the running install, or a supervisor for the time of the block."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from placet.runtime.install.earlier_release import InstallTooOld
from placet.runtime.supervisor.parent_death import die_with_parent
from placet.runtime.supervisor.state import SupervisorState, read_state
from placet.runtime.supervisor.supervisor import NotStarted

START_SECONDS: Final = 180.0
STOP_SECONDS: Final = 15.0


@contextmanager
def ensure_running(home: Path) -> Iterator[SupervisorState]:
    """Yields the state once it is ready. A supervisor that this started is stopped at the end of the block.

    Raises `NotStarted`, `InstallTooOld`.
    """
    if found := read_state(home):
        yield _when_ready(home, None) if not found.ready else found
        return
    with _log(home).open("ab") as log:
        started = subprocess.Popen(
            [sys.executable, "-m", "placet", "up", "--json", "--no-links"],
            env={**os.environ, "PLACET_DATA_DIR": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - it calls prctl alone
        )
    try:
        yield _when_ready(home, started)
    finally:
        started.terminate()
        started.wait(STOP_SECONDS)


def _when_ready(home: Path, started: "subprocess.Popen[bytes] | None") -> SupervisorState:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        state = read_state(home)
        if state and state.ready:
            return state
        if started is not None and started.poll() is not None:
            if _refused_as_too_old(_log(home)):
                raise InstallTooOld(home)
            raise NotStarted(f"The supervisor ended before it was ready:\n{_log(home).read_text()[-2000:]}")
        time.sleep(0.05)
    raise NotStarted(f"Placet was not ready within {START_SECONDS:.0f} s. See {home / 'log'}.")


def _refused_as_too_old(log: Path) -> bool:
    """Whether the last object that a supervisor wrote has this refusal's code."""
    objects = [line for line in log.read_text().splitlines() if line.startswith("{")]
    return bool(objects) and json.loads(objects[-1]).get("code") == InstallTooOld.code


def _log(home: Path) -> Path:
    folder = home / "log"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / "supervisor.log"
