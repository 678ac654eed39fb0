"""Parked streams: an event that a consumer's handler could not take, and all that wait behind it in its stream.

Parking behind another and taking again hold the same lock, so that nothing is left behind a row that is gone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg

from placet.eventlog.store.log import RecordedEvent

BEHIND: Final = "waits behind a parked event of its stream"
LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))"
INSERT: Final = """
INSERT INTO parked (consumer, position, stream, error, attempts, parked_at)
SELECT %(consumer)s, %(position)s, %(stream)s, %(error)s, %(attempts)s, clock_timestamp()
ON CONFLICT DO NOTHING
"""
INSERT_BEHIND: Final = """
INSERT INTO parked (consumer, position, stream, error, attempts, parked_at)
SELECT %(consumer)s, %(position)s, %(stream)s, %(error)s, %(attempts)s, clock_timestamp()
WHERE EXISTS (SELECT FROM parked WHERE consumer = %(consumer)s AND stream = %(stream)s)
ON CONFLICT (consumer, position) DO UPDATE SET attempts = parked.attempts
RETURNING position
"""
LISTED: Final = """
SELECT p.consumer, p.position, p.stream, coalesce(e.type, ''), p.error, p.attempts, p.parked_at
FROM parked p LEFT JOIN event_position USING (position) LEFT JOIN event e ON e.id = event_position.id
ORDER BY p.consumer, p.stream, p.position
"""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One parked event, and why."""

    consumer: str
    position: int
    stream: str
    type: str
    error: str
    attempts: int
    failed_at: datetime


def lock(connection: psycopg.Connection[Any], consumer: str, stream: str) -> None:
    """Hold a consumer's place in one stream until the caller's transaction ends."""
    connection.execute(LOCK, (f"{consumer} {stream}",))


def add_dead_letter(
    connection: psycopg.Connection[Any], consumer: str, event: RecordedEvent, error: str, attempts: int
) -> None:
    """Put an event aside, inside the caller's transaction."""
    connection.execute(INSERT, _row(consumer, event, error, attempts))


def add_dead_letter_behind(connection: psycopg.Connection[Any], consumer: str, event: RecordedEvent) -> bool:
    """Put an event aside if one of its stream is parked before it. False: nothing is, it may be answered."""
    with connection.transaction():
        lock(connection, consumer, event.stream)
        return connection.execute(INSERT_BEHIND, _row(consumer, event, BEHIND, 0)).fetchone() is not None


def dead_letters(connection: psycopg.Connection[Any]) -> list[DeadLetter]:
    """Everything that is parked, stream by stream."""
    return [DeadLetter(*row) for row in connection.execute(LISTED).fetchall()]


def _row(consumer: str, event: RecordedEvent, error: str, attempts: int) -> dict[str, Any]:
    return {
        "consumer": consumer,
        "position": event.position,
        "stream": event.stream,
        "error": error[:2000],
        "attempts": attempts,
    }
