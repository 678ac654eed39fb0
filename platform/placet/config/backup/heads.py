"""The log that a restore gives up: its name, and the head that was signed last, as far as anybody here knows."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from placet.config.backup.manifest import Manifest
from placet.eventlog.proofs.checkpoint import Head
from placet.eventlog.proofs.head_file import head_file, kept_head
from placet.eventlog.proofs.keys import origin
from placet.eventlog.proofs.note import NoteUnsound
from placet.eventlog.proofs.storing import newest_head


@dataclass(frozen=True, slots=True)
class OldLog:
    """What is given up. `head` None: nothing was signed, as far as anybody knows."""

    origin: str
    head: Head | None
    size: int
    """Positions that it had: at least those under its head."""


def old_log(home: Path, here: int, connection: psycopg.Connection[tuple[object, ...]], manifest: Manifest) -> OldLog:
    """Before anything is touched. `here`: events of the log that lies here; without any, the backup's is given up."""
    signed = newest_head(connection)
    heads = [signed.head] if signed else []
    with suppress(NoteUnsound):  # a file that is no head says nothing
        heads += [kept] if (kept := kept_head(head_file(home))) else []
    name = origin_here(home) if here or heads else manifest.origin
    mine = [head for head in heads if head.origin == name]
    head = max(mine, key=lambda one: one.size, default=None)
    return OldLog(name, head, max(here, head.size if head else 0))


def origin_here(home: Path) -> str:
    """The name under which heads are signed here; empty before there is one."""
    try:
        return origin(home)
    except FileNotFoundError:
        return ""
