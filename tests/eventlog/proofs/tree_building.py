"""A log with events, and a tree service over it."""

import random
from pathlib import Path
from typing import Final

import psycopg

from placet.eventlog.proofs.signed_note import Signer
from placet.eventlog.proofs.tree_service import TreeService
from placet.eventlog.store.log import EventLog
from placet.eventlog.store.sequencer import Sequencer
from tests.support.random_events import write_random_events

SIGNER: Final = Signer("placet.invalid/00112233", b"\x07" * 32)


def grow(connection: psycopg.Connection, count: int, seed: int = 1) -> int:
    """At least `count` more events with positions. Returns the last position."""
    write_random_events(EventLog(connection), random.Random(seed), count)
    while Sequencer(connection).run_once():
        pass
    return EventLog(connection).last_position


def tree_service(connection: psycopg.Connection, path: Path | None = None, signer: Signer = SIGNER) -> TreeService:
    return TreeService(connection, signer, path)


def catch_up(service: TreeService) -> None:
    while service.run_once():
        pass
