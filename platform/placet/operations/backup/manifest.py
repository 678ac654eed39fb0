"""The contents of a backup, with the hash of every file. Written last: without it the backup is not valid."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from placet.kernel.files import atomic_write, sync
from placet.operations.backup.errors import BackupInvalid

NAME: Final = "manifest.json"
FORMAT: Final = 2
"""1: tables had other names."""


@dataclass(slots=True)
class BackupManifest:
    """`size`: positions that the log had, not counting events without one."""

    made_at: str
    size: int
    pending: int
    origin: str
    columns: dict[str, list[str]] = field(default_factory=dict)
    clips: dict[str, dict[str, Any]] = field(default_factory=dict)
    """SHA-256 of the clip -> `persons`, encrypted `key`, `areas` where it was stored."""
    files: dict[str, str] = field(default_factory=dict)
    """Path in the backup -> SHA-256 of the file."""
    format: int = FORMAT


def note(manifest: BackupManifest, folder: Path, file: Path) -> None:
    """Add a file to the manifest, once it is on the disk."""
    sync(file)
    with file.open("rb") as content:
        manifest.files[str(file.relative_to(folder))] = hashlib.file_digest(content, "sha256").hexdigest()


def write(manifest: BackupManifest, folder: Path) -> None:
    """Written whole, then renamed."""
    atomic_write(folder / NAME, json.dumps(asdict(manifest), indent=1, sort_keys=True).encode(), mode=0o644)


def read(folder: Path) -> BackupManifest:
    """Read a backup and verify every file. Raises `BackupInvalid`."""
    try:
        content = json.loads((folder / NAME).read_text())
        found = content["format"]
        manifest = BackupManifest(**content) if found == FORMAT else None
    except (OSError, ValueError, TypeError, KeyError):
        raise BackupInvalid(f"{folder} has no readable manifest.") from None
    if manifest is None:
        raise BackupInvalid(f"{folder} is of another release: its format is {found}, this release reads {FORMAT}.")
    for name, wanted in manifest.files.items():
        _verify(folder, name, wanted)
    return manifest


def _verify(folder: Path, name: str, wanted: str) -> None:
    file = (folder / name).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise BackupInvalid(f"{name} points out of the backup.")
    try:
        with file.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        raise BackupInvalid(f"{name} is missing.") from None
    if found != wanted:
        raise BackupInvalid(f"{name} was changed after the backup.")
