"""A `placet up` that is restarted when its supervisor is killed, and the processes that may be killed."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from placet.runtime.supervisor.parent_death import die_with_parent
from placet.runtime.supervisor.state import SupervisorState, read_state

READY_SECONDS: Final = 180.0
SUPERVISOR: Final = "supervisor"
POSTGRES: Final = "postgres"


class NeverReady(RuntimeError):
    """The install did not become ready again. Its logs are in `log` of its home."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One SIGKILL: the process, and what the load was doing."""

    pid: int
    role: str
    step: str
    at: float
    """Seconds since the load began."""


class ChaosInstall:
    """One install under test. Start it from the main thread: it dies with it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._process: subprocess.Popen[bytes] | None = None

    def check(self) -> SupervisorState:
        """The state of the ready install; started first if it does not run. Raises `NeverReady`."""
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            state = read_state(self.home)
            if state and state.ready:
                return state
            if state is None and (self._process is None or self._process.poll() is not None):
                self._start()
            time.sleep(0.1)
        raise NeverReady(f"Placet was not ready within {READY_SECONDS:.0f} s. See {self.home / 'log'}.")

    def kill_one(self, chance: random.Random, step: str, begun: float) -> Kill | None:
        """SIGKILL one process of the tree, each role equally likely. None while nothing runs."""
        state = read_state(self.home)
        if state is None:
            return None
        roles = {**state.children, SUPERVISOR: state.pid, **self._postgres(state.pid)}
        role = chance.choice(sorted(roles))
        with suppress(ProcessLookupError):
            os.kill(roles[role], signal.SIGKILL)
            return Kill(roles[role], role, step, round(time.monotonic() - begun, 3))
        return None

    def end(self) -> None:
        """Stop it as Ctrl-C would."""
        state = read_state(self.home)
        for pid in {state.pid if state else 0, self._process.pid if self._process else 0} - {0}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        if self._process is not None:
            self._process.wait(30)

    def _start(self) -> None:
        (self.home / "log").mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.home / "log" / "supervisor.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "placet", "up", "--json", "--no-links"],
                env={**os.environ, "PLACET_DATA_DIR": str(self.home)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - it calls prctl alone
            )

    @staticmethod
    def _postgres(supervisor: int) -> dict[str, int]:
        with suppress(psutil.Error):
            children = psutil.Process(supervisor).children()
            pids = [child.pid for child in children if child.name() == "postgres"]
            return {POSTGRES: pids[0]} if pids else {}
        return {}
