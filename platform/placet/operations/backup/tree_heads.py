"""The log that a restore gives up: its name, and the head that was signed last, as far as anybody here knows."""

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
    """What is given up. `head` None: nothing was signed, as far as anybody knows."""

    origin: str
    head: TreeHead | None
    size: int
    """Positions that it had: at least those under its head."""


def old_log(
    home: Path, here: int, connection: psycopg.Connection[tuple[object, ...]], manifest: BackupManifest
) -> OldLog:
    """Before anything is touched. `here`: events of the log that lies here; without any, the backup's is given up.

    A name under which nothing was signed, because a restore was killed, was seen by nobody: what the log here says of
    the one before it is said again.
    """
    signed = newest_head(connection)
    heads = [signed.head] if signed else []
    with suppress(InvalidNote):  # a file that is no head says nothing
        heads += [kept] if (kept := load_head(head_file(home))) else []
    name = origin_here(home) if here or heads else manifest.origin
    mine = [head for head in heads if head.origin == name]
    head = max(mine, key=lambda one: one.size, default=None)
    if head is None and here and (said := _said_here(connection)):
        return _given_up_before(said, here)
    return OldLog(name, head, max(here, head.size if head else 0))


def _said_here(connection: psycopg.Connection[tuple[object, ...]]) -> LogRestored | None:
    facts = EventLog(connection).read("log").facts
    return facts[-1] if facts and isinstance(facts[-1], LogRestored) else None


def _given_up_before(said: LogRestored, here: int) -> OldLog:
    head = TreeHead(said.old_origin, said.old_size, bytes.fromhex(said.old_root)) if said.old_size else None
    return OldLog(said.old_origin, head, 0 if said.lost is None else max(here, said.restored_size + said.lost))


def origin_here(home: Path) -> str:
    """The name under which heads are signed here; empty before there is one."""
    try:
        return origin(home)
    except FileNotFoundError:
        return ""
