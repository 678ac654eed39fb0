"""What a backup holds, with the hash of every file. It is written last: without it there is no backup."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from placet.kernel.files import atomic_write, sync_file
from placet.operations.backup.errors import BackupInvalid

NAME: Final = "manifest.json"
FORMAT: Final = 2
"""1: tables had other names."""


@dataclass(slots=True)
class BackupManifest:
    """`size`: positions that the log had; events without one yet come on top."""

    made_at: str
    size: int
    pending: int
    origin: str
    columns: dict[str, list[str]] = field(default_factory=dict)
    clips: dict[str, dict[str, Any]] = field(default_factory=dict)
    """SHA-256 of the clip -> `persons`, sealed `key`, `areas` where it lay."""
    files: dict[str, str] = field(default_factory=dict)
    """Path in the backup -> SHA-256 of the file."""
    format: int = FORMAT


def note(manifest: BackupManifest, folder: Path, file: Path) -> None:
    """Take a file into the manifest, once it is on the disk."""
    sync_file(file)
    with file.open("rb") as content:
        manifest.files[str(file.relative_to(folder))] = hashlib.file_digest(content, "sha256").hexdigest()


def write(manifest: BackupManifest, folder: Path) -> None:
    """The whole of it, under its name at once."""
    atomic_write(folder / NAME, json.dumps(asdict(manifest), indent=1, sort_keys=True).encode(), mode=0o644)


def read(folder: Path) -> BackupManifest:
    """A backup whose every file is what it was. Raises `BackupInvalid`."""
    try:
        told = json.loads((folder / NAME).read_text())
        found = told["format"]
        manifest = BackupManifest(**told) if found == FORMAT else None
    except (OSError, ValueError, TypeError, KeyError):
        raise BackupInvalid(f"{folder} holds no manifest that can be read.") from None
    if manifest is None:
        raise BackupInvalid(f"{folder} was made by another release: it is of format {found}, and this reads {FORMAT}.")
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
        raise BackupInvalid(f"{name} is not what it was.")
