"""Restore: verified first, in one transaction; everything derived is rebuilt from the log."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from placet.eventlog.encryption.vault import TOMBSTONE, install_vault
from placet.eventlog.events import LogRestored
from placet.eventlog.failpoints import failpoint
from placet.eventlog.projections.runner import PROJECTIONS, Projector, position_of
from placet.eventlog.proofs.keys import ORIGIN_FILE, next_origin
from placet.eventlog.proofs.tree_head import TreeHead
from placet.eventlog.proofs.tree_store import newest_head
from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import EventLog
from placet.eventlog.store.sequencer import Sequencer
from placet.kernel.ids import PersonId
from placet.media.blobs import Area
from placet.media.storage import blobs
from placet.operations.backup import clips, tables
from placet.operations.backup import manifest as manifests
from placet.operations.backup.create import NEVER, Progress
from placet.operations.backup.errors import BackupInvalid, DatabaseNotEmpty, InstallRunning
from placet.operations.backup.manifest import BackupManifest
from placet.operations.backup.tree_heads import OldLog, old_log
from placet.people.commands import erasure_of
from placet.people.events import ErasureRequested, PersonJoined

KEPT: Final = (*tables.LOG, *tables.PROOFS)
"""Tables that nothing else may change."""
REQUESTED_AGAIN: Final = ("people_idempotency_key",)
"""Recorded responses that may mention what the restored log lacks. Sessions and used links stay."""
ALONE: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND usesysid IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of a restore."""

    size: int
    lost: int | None
    clips: int
    erased_clips: int
    """Clips of the backup that cannot be decrypted: a person whom they concern was erased since."""
    erased_again: int


def restore(
    home: Path, folder: Path, owner: psycopg.Connection[Any], progress: Progress, *, replace: bool = False
) -> Restored:
    """Raises `BackupInvalid`, `DatabaseNotEmpty`, `InstallRunning`: then nothing was changed."""
    manifest = manifests.read(folder)
    if (others := owner.execute(ALONE).fetchone()) and others[0]:
        raise InstallRunning(f"{others[0]} other connections use this database.")
    existing = _size(owner)
    if existing and not replace:
        raise DatabaseNotEmpty(f"The log here has {existing} events.")
    _refuse_newer(owner, manifest)
    old = old_log(home, existing, owner, manifest)
    kept = _restore_files(manifest, folder, home, progress)
    failpoint("restore.files")
    with owner.transaction():
        pending = _restore_tables(owner, manifest, folder)
        lost, again = _record_restore(owner, manifest, old)
        owner.execute("INSERT INTO eventlog_event_pending SELECT unnest(%s::bigint[])", (pending,))
        failpoint("restore.log")
    failpoint("restore.committed")
    next_origin(home, old.origin)  # last: until then the tree service signs nothing, because the log is too short
    failpoint("restore.named")
    _rebuild(owner, progress)
    return Restored(_size(owner), lost, kept, len(manifest.clips) - kept, again)


def _size(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT count(*) FROM eventlog_event").fetchone()
    return int(row[0]) if row else 0


def _refuse_newer(owner: psycopg.Connection[Any], manifest: BackupManifest) -> None:
    for table in tables.TRUTH:
        unknown = set(manifest.columns.get(table, ["this table"])) - set(tables.columns(owner, table))
        if unknown:
            raise BackupInvalid(f"{table}: this release does not know {sorted(unknown)}, or the backup lacks it.")


def _restore_files(manifest: BackupManifest, folder: Path, home: Path, progress: Progress) -> int:
    """Clips that can still be decrypted, private files of people who were not erased, and keys.

    Returns the number of clips.
    """
    for name in manifest.files:
        top, _, rest = name.partition("/")
        is_theirs = top == "private" and not install_vault().is_erased(rest.partition("/")[0])
        is_key = top == "keys" and not any(Path(name).match(pattern) for pattern in (*NEVER, ORIGIN_FILE))
        if is_theirs or is_key:
            path = home / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copy2(folder / name, path)
    kept = 0
    for done, (name, entry) in enumerate(manifest.clips.items(), 1):
        encrypted = clips.EncryptedClip(tuple(entry["persons"]), entry["key"], (folder / "clips" / name).read_bytes())
        if (clip := clips.decrypt_clip(install_vault(), name, encrypted)) is not None:
            kept += 1
            for area in entry["areas"]:
                blobs().put(clip, Area(area))
        progress("clips", done, len(manifest.clips))
    return kept


def _restore_tables(owner: psycopg.Connection[Any], manifest: BackupManifest, folder: Path) -> list[int]:
    """Restore every table. Returns the ids of events without a position: they get one after `LogRestored`."""
    derived = [t._meta.db_table for one in PROJECTIONS.values() for t in one.tables]  # noqa: SLF001
    for table in KEPT:
        owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
    emptied = sql.SQL(", ").join(sql.Identifier(t) for t in (*tables.TRUTH, *derived, *REQUESTED_AGAIN))
    owner.execute(sql.SQL("TRUNCATE {}").format(emptied))
    for table in tables.TRUTH:
        tables.copy_in(owner, table, manifest.columns[table], folder / "log" / f"{table}.copy")
    for table in tables.COUNTED:
        owner.execute(
            sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT coalesce(max(id), 0) + 1 FROM {}), false)")
            .format(sql.Literal(table), sql.Identifier(table))
        )  # fmt: skip
    pending = [int(row[0]) for row in owner.execute("DELETE FROM eventlog_event_pending RETURNING id")]
    for table in KEPT:
        owner.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(table)))
    owner.execute("DELETE FROM eventlog_checkpoint WHERE name = ANY(%s)", (list(PROJECTIONS),))
    owner.execute(
        "UPDATE eventlog_outbox SET state = 'planned', lease_until = NULL, progress = NULL,"
        " fencing_token = fencing_token + 1 WHERE state = 'leased'"
    )
    return sorted(pending)


def _record_restore(owner: psycopg.Connection[Any], manifest: BackupManifest, old: OldLog) -> tuple[int | None, int]:
    """Append the first event of the new origin; then erase again everyone who was erased since the backup."""
    log, lost = EventLog(owner), max(0, old.size - manifest.size) if old.size else None
    head = old.head or _head_of(owner, old.origin)
    fact = LogRestored(old.origin, head.size if head else 0, head.root.hex() if head else "", manifest.size, lost)
    log.append("log", [fact], expected=log.heads(["log"])["log"])
    Sequencer(owner).run_once()
    erased = [PersonId(file.name) for file in install_vault().folder.glob("[!.]*-*") if _is_tombstone(file)]
    heads = log.heads([name for person in erased for name in (stream_name(PersonJoined, person), erasure_of(person))])
    again = [p for p in erased if heads[stream_name(PersonJoined, p)] and not heads[erasure_of(p)]]
    for person in again:
        log.append(erasure_of(person), [ErasureRequested(person, person)], expected=0)
    return lost, len(again)


def _head_of(owner: psycopg.Connection[Any], origin: str) -> TreeHead | None:
    """On a new machine: the newest tree head in the backup."""
    newest = newest_head(owner)
    return newest.head if newest and newest.head.origin == origin else None


def _is_tombstone(file: Path) -> bool:
    return file.is_file() and file.read_bytes() == TOMBSTONE


def _rebuild(owner: psycopg.Connection[Any], progress: Progress) -> None:
    """Assign positions to the events without one, then rebuild every projection."""
    while Sequencer(owner).run_once():
        pass
    end, projector = EventLog(owner).last_position, Projector()
    while projector.run_once():
        progress("projections", min(position_of(name) for name in PROJECTIONS), end)
