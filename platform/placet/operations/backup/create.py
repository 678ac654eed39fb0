"""Create a backup while everything runs: the log from one snapshot, then the files that it names."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from placet.eventlog.encryption.vault import install_vault
from placet.media.blobs import Area
from placet.media.errors import BlobMissing
from placet.media.storage import blobs
from placet.operations.backup import clips, tables
from placet.operations.backup import manifest as manifests
from placet.operations.backup.errors import FolderNotEmpty, NothingToBackUp
from placet.operations.backup.manifest import BackupManifest
from placet.operations.backup.tree_heads import origin_here

NEVER: Final = ("vault.key", "postgres-*")
"""Keys that are in no backup: the vault's, and those of this machine's own PostgreSQL."""
Progress = Callable[[str, int, int], None]


def make(home: Path, folder: Path, connection: psycopg.Connection[Any], progress: Progress) -> BackupManifest:
    """Raises `FolderNotEmpty`, `NothingToBackUp`. A backup without a manifest is unfinished and cannot be restored."""
    if folder.exists() and any(folder.iterdir()):
        raise FolderNotEmpty(f"{folder} is not empty.")
    if connection.execute("SELECT to_regclass('eventlog_event')").fetchone() == (None,):
        raise NothingToBackUp("There is no log here yet.")
    connection.rollback()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    manifest, named = _log(connection, home, folder, progress)
    _clips(manifest, folder, named, progress)
    _files(manifest, folder, home, progress)
    manifests.write(manifest, folder)
    return manifest


def _log(
    connection: psycopg.Connection[Any], home: Path, folder: Path, progress: Progress
) -> tuple[BackupManifest, dict[str, set[str]]]:
    """Every table as of one moment, and the clips that the log names at that moment."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    with connection.transaction():
        row = connection.execute(
            "SELECT (SELECT coalesce(max(position), 0) FROM eventlog_event_position),"
            " (SELECT count(*) FROM eventlog_event_pending)"
        ).fetchone() or (0, 0)
        manifest = BackupManifest(datetime.now(UTC).isoformat(), int(row[0]), int(row[1]), origin_here(home))
        for done, table in enumerate(tables.TRUTH, 1):
            manifest.columns[table] = tables.columns(connection, table)
            path = folder / "log" / f"{table}.copy"
            path.parent.mkdir(mode=0o700, exist_ok=True)
            tables.copy_out(connection, table, manifest.columns[table], path)
            manifests.note(manifest, folder, path)
            progress("the log", done, len(tables.TRUTH))
        return manifest, clips.concerned(connection)


def _clips(manifest: BackupManifest, folder: Path, named: dict[str, set[str]], progress: Progress) -> None:
    (folder / "clips").mkdir(mode=0o700)
    for done, (name, people) in enumerate(sorted(named.items()), 1):
        areas = [area.value for area in Area if blobs().has(name, area)]
        encrypted = _encrypted(name, sorted(people)) if areas else None
        if encrypted is not None:
            path = folder / "clips" / name
            path.write_bytes(encrypted.data)
            manifests.note(manifest, folder, path)
            manifest.clips[name] = {"persons": list(encrypted.people), "key": encrypted.key, "areas": areas}
        progress("clips", done, len(named))


def _encrypted(name: str, people: list[str]) -> clips.EncryptedClip | None:
    """None for a clip that is erased during the backup."""
    try:
        return clips.encrypt_clip(install_vault(), name, people, blobs().read(name))
    except BlobMissing:
        return None


def _files(manifest: BackupManifest, folder: Path, home: Path, progress: Progress) -> None:
    """Private files, encrypted as they are, and the signing keys."""
    found = [*_under(home / "private"), *_under(home / "keys")]
    kept = [f for f in found if not any(f.match(pattern) for pattern in NEVER) and not f.name.endswith(".new")]
    for done, file in enumerate(kept, 1):
        path = folder / file.relative_to(home)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            shutil.copy2(file, path)
        except FileNotFoundError:
            continue  # erased during the backup
        manifests.note(manifest, folder, path)
        progress("files", done, len(kept))


def _under(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())
