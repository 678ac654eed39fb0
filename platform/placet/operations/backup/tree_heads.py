"""The log that a restore replaces: its origin, and the newest signed tree head that this machine knows."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from placet.eventlog.events import LogRestored
from placet.eventlog.proofs.head_file import head_file, load_head
from placet.eventlog.proofs.keys import origin
from placet.eventlog.proofs.signed_note import InvalidNote
from placet.eventlog.proofs.tree_head import TreeHead
from placet.eventlog.proofs.tree_store import newest_head
from placet.eventlog.store.log import EventLog
from placet.operations.backup.manifest import BackupManifest


@dataclass(frozen=True, slots=True)
class OldLog:
    """The replaced log. `head` None: no signed tree head is known."""

    origin: str
    head: TreeHead | None
    size: int
    """Positions that it had: at least those under its tree head."""


def old_log(
    home: Path, here: int, connection: psycopg.Connection[tuple[object, ...]], manifest: BackupManifest
) -> OldLog:
    """Call before anything is changed. `here`: events of the log on this machine; if none, the backup's is replaced.

    An origin under which nothing was signed, because a restore was killed, is known to no one: the earlier log that the
    log here names is named again.
    """
    signed = newest_head(connection)
    heads = [signed.head] if signed else []
    with suppress(InvalidNote):  # a file that is no tree head is ignored
        heads += [kept] if (kept := load_head(head_file(home))) else []
    name = origin_here(home) if here or heads else manifest.origin
    mine = [head for head in heads if head.origin == name]
    head = max(mine, key=lambda one: one.size, default=None)
    if head is None and here and (restored := _restored_here(connection)):
        return _replaced_before(restored, here)
    return OldLog(name, head, max(here, head.size if head else 0))


def _restored_here(connection: psycopg.Connection[tuple[object, ...]]) -> LogRestored | None:
    facts = EventLog(connection).read("log").facts
    return facts[-1] if facts and isinstance(facts[-1], LogRestored) else None


def _replaced_before(restored: LogRestored, here: int) -> OldLog:
    head = (
        TreeHead(restored.old_origin, restored.old_size, bytes.fromhex(restored.old_root))
        if restored.old_size
        else None
    )
    return OldLog(
        restored.old_origin, head, 0 if restored.lost is None else max(here, restored.restored_size + restored.lost)
    )


def origin_here(home: Path) -> str:
    """The origin under which tree heads are signed here; empty before there is one."""
    try:
        return origin(home)
    except FileNotFoundError:
        return ""
