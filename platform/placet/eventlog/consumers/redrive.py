"""What an operator does about parked streams and failed effects: take them again, or give one event up for ever."""

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
"""What answers consent and opt-outs waits until it is mended."""
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
    """Nothing is parked there."""

    code = "no_dead_letters"
    hint = "Look at what is parked first."
    status = 404


class NeverDiscarded(Refusal):
    """This consumer's answer may not be left out, by anybody."""

    code = "never_discarded"
    hint = "Mend what its handler meets, then take the stream again."
    status = 409


@dataclass(frozen=True, slots=True)
class RedriveResult:
    """One stream: how many of its events were answered, and what stopped it, if anything did."""

    consumer: str
    stream: str
    processed: int
    stopped_at: int | None = None
    error: str = ""


def redrive(connection: psycopg.Connection[Any], consumer: str, stream: str = "") -> list[RedriveResult]:
    """Hand parked streams of a consumer to its handler again, each in order, up to the event that it cannot take."""
    rows = [row for row in dead_letters(connection) if row.consumer == consumer and stream in {"", row.stream}]
    if not rows or consumer not in CONSUMERS:
        raise NoDeadLetters
    return [
        _redrive_stream(connection, CONSUMERS[consumer], name) for name in dict.fromkeys(row.stream for row in rows)
    ]


def _redrive_stream(connection: psycopg.Connection[Any], consumer: Consumer, stream: str) -> RedriveResult:
    taken = 0
    while waiting := _of_stream(connection, consumer.name, stream):
        try:
            taken += _redrive_one(connection, consumer, waiting[0])
        except DATABASE_UNAVAILABLE:
            raise
        except Exception as error:  # noqa: BLE001  whatever the handler raised: the stream stays parked from here on
            _record_failure(connection, waiting[0], error_location(error))
            return RedriveResult(consumer.name, stream, taken, waiting[0].position, error_location(error))
    return RedriveResult(consumer.name, stream, taken)


def _redrive_one(connection: psycopg.Connection[Any], consumer: Consumer, row: DeadLetter) -> bool:
    log = EventLog(connection)
    (event,) = log.read_from(row.position - 1, 1)
    with log_context(event.correlation_id):
        gathered = UnitOfWork(log)
        collect(consumer, [event], gathered)
        with connection.transaction():
            lock(connection, row.consumer, row.stream)
            if not _remove(connection, row):
                return False
            if gathered.writes:
                log.append_all(gathered.writes)
            outbox.plan(connection, consumer.name, gathered.outbox_items)
    return True


def discard(connection: psycopg.Connection[Any], consumer: str, position: int, by: str, reason: str) -> None:
    """Give one parked event up, for ever; what waits behind it may then be taken again."""
    known = CONSUMERS.get(consumer)
    if known is None or known.never_skips or consumer.split(".", maxsplit=1)[0] in NEVER_DISCARDED_ROOMS:
        raise NeverDiscarded
    asked = {"consumer": consumer, "position": position, "by": by, "reason": reason}
    if connection.execute(DISCARD, asked).rowcount != 1:
        raise NoDeadLetters


def retry_outbox(connection: psycopg.Connection[Any], kind: str) -> int:
    """Plan given-up effects of a kind anew, under the keys they had. Answers how many."""
    return connection.execute(RETRY_OUTBOX, (kind,)).rowcount


def _of_stream(connection: psycopg.Connection[Any], consumer: str, stream: str) -> Sequence[DeadLetter]:
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
