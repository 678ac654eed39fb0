"""Atomic, durable file writes: a reader sees the whole new file, the old one or none, even if the writer dies."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def atomic_write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace `path` by a file of these bytes. Missing folders are created (0700)."""
    atomic_write_with(path, lambda file: file.write(content), mode)


def atomic_write_with(
    path: Path,
    write: Callable[[BinaryIO], object],
    mode: int = 0o600,
    *,
    verify: Callable[[Path], None] | None = None,
    prefix: str = ".new-",
) -> None:
    """Replace `path` by what `write` puts into an open file. `verify` may raise to refuse the finished file.

    The temporary file is in the same folder; its name begins with `prefix`, by which a sweep finds those that a killed
    process left.
    """
    temporary = _temporary(path, write, mode, prefix)
    try:
        if verify is not None:
            verify(temporary)
        temporary.replace(path)
        sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_once(path: Path, content: bytes, mode: int = 0o600) -> bool:
    """Create `path` with these bytes. Returns False if it exists: the first writer wins, nothing is changed."""
    temporary = _temporary(path, lambda file: file.write(content), mode, ".new-")
    try:
        os.link(temporary, path)
        sync(path.parent)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    return True


def sync(path: Path) -> None:
    """Force a file's bytes, or a folder's entries, to the disk: a rename then survives a power failure."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _temporary(path: Path, write: Callable[[BinaryIO], object], mode: int, prefix: str) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{prefix}{path.name}-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            write(file)
            file.flush()
            os.fsync(handle)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary
