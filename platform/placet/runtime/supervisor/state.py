"""How other commands find a running supervisor: a lock that dies with its holder, and a file with its state."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from placet.kernel.files import atomic_write
from placet.runtime.supervisor.lockfile import Lock, Locked


class AlreadyRunning(RuntimeError):
    """Another supervisor holds the lock of this home. Nothing was started."""


EMBEDDED: Final = "embedded"


@dataclass(frozen=True)
class SupervisorState:
    """What one supervisor runs. `ready` only after the pages responded for the first time."""

    pid: int
    port: int
    live_port: int
    origin: str
    ready: bool = False
    transport: str = EMBEDDED
    children: Mapping[str, int] = field(default_factory=dict)


def _file(home: Path) -> Path:
    return home / "run" / "supervisor.json"


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the lock of this home for the time of the block. Raises `AlreadyRunning`."""
    lock = _lock(home)
    try:
        lock.acquire()
    except Locked:
        raise AlreadyRunning(f"Placet already runs in {home}.") from None
    try:
        yield
    finally:
        _file(home).unlink(missing_ok=True)
        lock.release()


def write_state(home: Path, state: SupervisorState) -> None:
    atomic_write(_file(home), json.dumps(asdict(state)).encode())


def read_state(home: Path) -> SupervisorState | None:
    """What runs now, or None. A file left by a killed supervisor is ignored: the lock decides."""
    try:
        text = _file(home).read_text()
    except FileNotFoundError:
        return None
    return SupervisorState(**json.loads(text)) if _lock(home).is_held() else None


def transport_in(home: Path) -> str:
    """The configured transport, else the one that the running install uses."""
    if chosen := os.environ.get("PLACET_TRANSPORT"):
        return chosen
    running = read_state(home)
    return running.transport if running else EMBEDDED


def _lock(home: Path) -> Lock:
    return Lock(home / "run" / "supervisor.lock")
