"""Redrive: an operator has dead letters and failed outbox items processed again, or discards one event for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from placet.eventlog import outbox
from placet.eventlog.consumers.dead_letter import DeadLetter, dead_letters, lock
from placet.eventlog.consumers.delivery import UnitOfWork
from placet.eventlog.consumers.runner import CONSUMERS, Consumer, collect
from placet.eventlog.store.connect import DATABASE_UNAVAILABLE
from placet.eventlog.store.log import EventLog
from placet.eventlog.store.log_context import error_location, log_context
from placet.kernel.refusal import Refusal

NEVER_DISCARDED_ROOMS: Final = frozenset({"likeness", "rights"})
"""Consumers of consent and opt-outs: their dead letters wait until the handler is fixed."""
DISCARD: Final = """
WITH gone AS (
    DELETE FROM eventlog_dead_letter WHERE consumer = %(consumer)s AND position = %(position)s
    RETURNING consumer, position, stream, error_location
)
INSERT INTO eventlog_dead_letter_discarded
    (consumer, position, stream, error_location, discarded_by, reason, discarded_at)
SELECT consumer, position, stream, error_location, %(by)s, %(reason)s, clock_timestamp() FROM gone
ON CONFLICT DO NOTHING
"""
RETRY_OUTBOX: Final = """
UPDATE eventlog_outbox SET state = 'planned', due_at = clock_timestamp(), planned_at = clock_timestamp()
WHERE kind = %s AND state = 'failed'
"""


class NoDeadLetters(Refusal):
    """There is no such dead letter."""

    code = "no_dead_letters"
    hint = "List the dead letters first: `placet dead-letters list`."
    status = 404


class NeverDiscarded(Refusal):
    """Events of this consumer cannot be discarded."""

    code = "never_discarded"
    hint = "Fix what its handler fails on, then redrive the stream."
    status = 409


@dataclass(frozen=True, slots=True)
class RedriveResult:
    """One stream: how many of its events were processed, and where it stopped, if it did."""

    consumer: str
    stream: str
    processed: int
    stopped_at: int | None = None
    error: str = ""


def redrive(connection: psycopg.Connection[Any], consumer: str, stream: str = "") -> list[RedriveResult]:
    """Process a consumer's dead letters again, each stream in order, up to the first event that fails."""
    rows = [row for row in dead_letters(connection) if row.consumer == consumer and stream in {"", row.stream}]
    if not rows or consumer not in CONSUMERS:
        raise NoDeadLetters
    return [
        _redrive_stream(connection, CONSUMERS[consumer], name) for name in dict.fromkeys(row.stream for row in rows)
    ]


def _redrive_stream(connection: psycopg.Connection[Any], consumer: Consumer, stream: str) -> RedriveResult:
    processed = 0
    while waiting := _dead_letters_of(connection, consumer.name, stream):
        try:
            processed += _redrive_one(connection, consumer, waiting[0])
        except DATABASE_UNAVAILABLE:
            raise
        except Exception as error:  # noqa: BLE001  a handler may raise anything: the stream's dead letters stay from here on
            _record_failure(connection, waiting[0], error_location(error))
            return RedriveResult(consumer.name, stream, processed, waiting[0].position, error_location(error))
    return RedriveResult(consumer.name, stream, processed)


def _redrive_one(connection: psycopg.Connection[Any], consumer: Consumer, row: DeadLetter) -> bool:
    log = EventLog(connection)
    (event,) = log.read_from(row.position - 1, 1)
    with log_context(event.correlation_id):
        work = UnitOfWork(log)
        collect(consumer, [event], work)
        with connection.transaction():
            lock(connection, row.consumer, row.stream)
            if not _remove(connection, row):
                return False
            if work.writes:
                log.append_all(work.writes)
            outbox.plan(connection, consumer.name, work.outbox_items)
    return True


def discard(connection: psycopg.Connection[Any], consumer: str, position: int, by: str, reason: str) -> None:
    """Discard one dead letter for good; the events behind it can then be redriven."""
    registered = CONSUMERS.get(consumer)
    if registered is None or registered.never_skips or consumer.split(".", maxsplit=1)[0] in NEVER_DISCARDED_ROOMS:
        raise NeverDiscarded
    parameters = {"consumer": consumer, "position": position, "by": by, "reason": reason}
    if connection.execute(DISCARD, parameters).rowcount != 1:
        raise NoDeadLetters


def retry_outbox(connection: psycopg.Connection[Any], kind: str) -> int:
    """Plan failed outbox items of a kind again, under the same keys. Returns how many."""
    return connection.execute(RETRY_OUTBOX, (kind,)).rowcount


def _dead_letters_of(connection: psycopg.Connection[Any], consumer: str, stream: str) -> Sequence[DeadLetter]:
    return [row for row in dead_letters(connection) if (row.consumer, row.stream) == (consumer, stream)]


def _remove(connection: psycopg.Connection[Any], row: DeadLetter) -> bool:
    gone = connection.execute(
        "DELETE FROM eventlog_dead_letter WHERE consumer = %s AND position = %s", (row.consumer, row.position)
    )
    return gone.rowcount == 1


def _record_failure(connection: psycopg.Connection[Any], row: DeadLetter, error: str) -> None:
    connection.execute(
        "UPDATE eventlog_dead_letter SET error_location = %s, attempts = attempts + 1"
        " WHERE consumer = %s AND position = %s",
        (error, row.consumer, row.position),
    )
