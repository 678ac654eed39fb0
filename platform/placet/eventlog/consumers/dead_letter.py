"""Dead letters: an event that a consumer's handler failed on, and all later events of its stream.

Setting aside behind a dead letter and redriving hold the same lock, so no event stays behind a row that is gone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg

from placet.eventlog.store.log import RecordedEvent

BEHIND: Final = "waits behind a dead letter of its stream"
LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))"
INSERT: Final = """
INSERT INTO eventlog_dead_letter (consumer, position, stream, error_location, attempts, failed_at)
SELECT %(consumer)s, %(position)s, %(stream)s, %(error_location)s, %(attempts)s, clock_timestamp()
ON CONFLICT DO NOTHING
"""
INSERT_BEHIND: Final = """
INSERT INTO eventlog_dead_letter (consumer, position, stream, error_location, attempts, failed_at)
SELECT %(consumer)s, %(position)s, %(stream)s, %(error_location)s, %(attempts)s, clock_timestamp()
WHERE EXISTS (SELECT FROM eventlog_dead_letter WHERE consumer = %(consumer)s AND stream = %(stream)s)
ON CONFLICT (consumer, position) DO UPDATE SET attempts = eventlog_dead_letter.attempts
RETURNING position
"""
LISTED: Final = """
SELECT d.consumer, d.position, d.stream, coalesce(e.type, ''), d.error_location, d.attempts, d.failed_at
FROM eventlog_dead_letter d
LEFT JOIN eventlog_event_position p USING (position)
LEFT JOIN eventlog_event e ON e.id = p.id
ORDER BY d.consumer, d.stream, d.position
"""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter and its error."""

    consumer: str
    position: int
    stream: str
    type: str
    error_location: str
    attempts: int
    failed_at: datetime


def lock(connection: psycopg.Connection[Any], consumer: str, stream: str) -> None:
    """Lock one stream of a consumer until the caller's transaction ends."""
    connection.execute(LOCK, (f"{consumer} {stream}",))


def add_dead_letter(
    connection: psycopg.Connection[Any], consumer: str, event: RecordedEvent, error: str, attempts: int
) -> None:
    """Set an event aside in the caller's transaction."""
    connection.execute(INSERT, _row(consumer, event, error, attempts))


def add_dead_letter_behind(connection: psycopg.Connection[Any], consumer: str, event: RecordedEvent) -> bool:
    """Set an event aside if its stream has a dead letter. Returns False if it has none: process the event."""
    with connection.transaction():
        lock(connection, consumer, event.stream)
        return connection.execute(INSERT_BEHIND, _row(consumer, event, BEHIND, 0)).fetchone() is not None


def dead_letters(connection: psycopg.Connection[Any]) -> list[DeadLetter]:
    """All dead letters, stream by stream."""
    return [DeadLetter(*row) for row in connection.execute(LISTED).fetchall()]


def _row(consumer: str, event: RecordedEvent, error: str, attempts: int) -> dict[str, Any]:
    return {
        "consumer": consumer,
        "position": event.position,
        "stream": event.stream,
        "error_location": error[:2000],
        "attempts": attempts,
    }
