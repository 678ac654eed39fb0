"""How other commands find a running `make up`: a lock that dies with its holder, and a file that says what runs."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO


class AlreadyRunning(RuntimeError):
    """Another supervisor holds this home. Nothing was started."""


@dataclass(frozen=True)
class Running:
    """What one supervisor runs. `ready` only after the pages answered for the first time."""

    pid: int
    port: int
    live_port: int
    origin: str
    ready: bool = False
    children: Mapping[str, int] = field(default_factory=dict)


def _file(home: Path) -> Path:
    return home / "run" / "supervisor.json"


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold this home for as long as the block lasts. Raises `AlreadyRunning`."""
    lock = _open_lock(home)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"Placet already runs in {home}.") from None
        yield
        _file(home).unlink(missing_ok=True)
    finally:
        lock.close()


def write_state(home: Path, state: Running) -> None:
    draft = _file(home).with_suffix(".new")
    draft.write_text(json.dumps(asdict(state)))
    draft.rename(_file(home))


def read_state(home: Path) -> Running | None:
    """What runs now, or None. A file left by a killed supervisor counts for nothing: the lock decides."""
    if not _is_held(home):
        return None
    try:
        return Running(**json.loads(_file(home).read_text()))
    except FileNotFoundError:
        return None


def _is_held(home: Path) -> bool:
    if not _lock_file(home).exists():
        return False
    with _open_lock(home) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _lock_file(home: Path) -> Path:
    return home / "run" / "supervisor.lock"


def _open_lock(home: Path) -> IO[bytes]:
    path = _lock_file(home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
