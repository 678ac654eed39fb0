"""One child process: started with a parent-death signal, restarted when it dies, ended with its whole group."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from placet.runtime.supervisor.parent_death import die_with_parent
from placet.runtime.supervisor.process_table import Child

FIRST_PAUSE_SECONDS: Final = 0.2
MAX_PAUSE_SECONDS: Final = 5.0
STEADY_SECONDS: Final = 10.0  # a child that lived this long starts again with the first pause
KEPT_LOGS: Final = 3
MARK: Final = "PLACET_SUPERVISED"  # in the environment of everything a supervisor starts, with its home


class ManagedProcess:
    """A child and its restart back-off, from 0.2 s to 5 s."""

    def __init__(self, child: Child, log: Path, environment: Mapping[str, str]) -> None:
        self.child = child
        self.log = log
        self.environment = {**environment, "PLACET_PROCESS": child.role}
        self.restarts = 0
        self._pause = FIRST_PAUSE_SECONDS
        self._started = 0.0
        self._due = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        rotate(log)

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def check(self, now: float) -> bool:
        """Start the child when it is due. True when its process changed."""
        if self._process is not None:
            if self._process.poll() is None:
                return False
            self._plan_restart(now)
        if now < self._due:
            return False
        self._start(now)
        return True

    def request_stop(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.terminate()

    def force_stop(self, until: float) -> None:
        """Wait until then, then kill its whole process group."""
        if self._process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.05, until - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _plan_restart(self, now: float) -> None:
        if now - self._started > STEADY_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        self._due = now + self._pause
        self._pause = min(self._pause * 2, MAX_PAUSE_SECONDS)
        self.restarts += 1
        self._end_group()
        self._process = None

    def _end_group(self) -> None:
        """Kill what a dead child left in its group: it would hold the port."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _start(self, now: float) -> None:
        self._started = now
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.child.words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,  # the supervisor handles Ctrl-C in a terminal
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - it calls prctl alone
            )


def rotate(log: Path) -> None:
    """`web.log` becomes `web.log.1`, and so on; the oldest is deleted."""
    if not log.exists() or not log.stat().st_size:
        return
    for number in range(KEPT_LOGS, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        newer = log.with_name(f"{log.name}.{number - 1}") if number > 1 else log
        if newer.exists():
            newer.rename(older)


def end_leftovers(home: Path) -> int:
    """Kill what a dead supervisor of this home left running. Returns how many; call only while holding its lock."""
    left = [process for process in psutil.process_iter() if _is_of(process, home)]
    for process in left:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(left, timeout=5)
    return len(left)


def _is_of(process: psutil.Process, home: Path) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get(MARK) == str(home)
    except psutil.Error:
        return False
