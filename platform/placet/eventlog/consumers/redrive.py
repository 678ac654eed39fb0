"""What an operator does about parked streams and failed effects: take them again, or give one event up for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from placet.eventlog import outbox
from placet.eventlog.consumers.dead_letter import ParkedEvent, lock, parked
from placet.eventlog.consumers.delivery import Gathered
from placet.eventlog.consumers.runner import CONSUMERS, Consumer, gather
from placet.eventlog.store.log import EventLog
from placet.eventlog.store.log_context import about, place_of
from placet.kernel.refusal import Refusal

NEVER_DROPPED_ROOMS: Final = frozenset({"likeness", "rights"})
"""What answers consent and opt-outs waits until it is mended."""
DROP: Final = """
WITH gone AS (
    DELETE FROM parked WHERE consumer = %(consumer)s AND position = %(position)s
    RETURNING consumer, position, stream, error
)
INSERT INTO dropped (consumer, position, stream, error, dropped_by, why, dropped_at)
SELECT consumer, position, stream, error, %(by)s, %(why)s, clock_timestamp() FROM gone
ON CONFLICT DO NOTHING
"""
AGAIN: Final = """
UPDATE effect SET state = 'planned', due_at = clock_timestamp(), planned_at = clock_timestamp()
WHERE kind = %s AND state = 'failed'
"""


class NothingParked(Refusal):
    """Nothing is parked there."""

    code = "nothing_parked"
    advice = "Look at what is parked first."
    status = 404


class NeverDropped(Refusal):
    """This consumer's answer may not be left out, by anybody."""

    code = "never_dropped"
    advice = "Mend what its handler meets, then take the stream again."
    status = 409


@dataclass(frozen=True, slots=True)
class TakenAgain:
    """One stream: how many of its events were answered, and what stopped it, if anything did."""

    consumer: str
    stream: str
    taken: int
    stopped_at: int | None = None
    error: str = ""


def take_again(connection: psycopg.Connection[Any], consumer: str, stream: str = "") -> list[TakenAgain]:
    """Hand parked streams of a consumer to its handler again, each in order, up to the event that it cannot take."""
    rows = [row for row in parked(connection) if row.consumer == consumer and stream in {"", row.stream}]
    if not rows or consumer not in CONSUMERS:
        raise NothingParked
    return [_stream_again(connection, CONSUMERS[consumer], name) for name in dict.fromkeys(row.stream for row in rows)]


def _stream_again(connection: psycopg.Connection[Any], consumer: Consumer, stream: str) -> TakenAgain:
    taken = 0
    while waiting := _of_stream(connection, consumer.name, stream):
        try:
            taken += _one_again(connection, consumer, waiting[0])
        except psycopg.OperationalError:
            raise
        except Exception as error:  # noqa: BLE001  whatever the handler raised: the stream stays parked from here on
            _note(connection, waiting[0], place_of(error))
            return TakenAgain(consumer.name, stream, taken, waiting[0].position, place_of(error))
    return TakenAgain(consumer.name, stream, taken)


def _one_again(connection: psycopg.Connection[Any], consumer: Consumer, row: ParkedEvent) -> bool:
    log = EventLog(connection)
    (event,) = log.read_from(row.position - 1, 1)
    with about(event.correlation_id):
        gathered = Gathered(log)
        gather(consumer, [event], gathered)
        with connection.transaction():
            lock(connection, row.consumer, row.stream)
            if not _remove(connection, row):
                return False
            if gathered.writes:
                log.append_all(gathered.writes)
            outbox.plan(connection, consumer.name, gathered.effects)
    return True


def drop(connection: psycopg.Connection[Any], consumer: str, position: int, by: str, why: str) -> None:
    """Give one parked event up, for ever; what waits behind it may then be taken again."""
    known = CONSUMERS.get(consumer)
    if known is None or known.never_skips or consumer.split(".", maxsplit=1)[0] in NEVER_DROPPED_ROOMS:
        raise NeverDropped
    asked = {"consumer": consumer, "position": position, "by": by, "why": why}
    if connection.execute(DROP, asked).rowcount != 1:
        raise NothingParked


def effects_again(connection: psycopg.Connection[Any], kind: str) -> int:
    """Plan given-up effects of a kind anew, under the keys they had. Answers how many."""
    return connection.execute(AGAIN, (kind,)).rowcount


def _of_stream(connection: psycopg.Connection[Any], consumer: str, stream: str) -> Sequence[ParkedEvent]:
    return [row for row in parked(connection) if (row.consumer, row.stream) == (consumer, stream)]


def _remove(connection: psycopg.Connection[Any], row: ParkedEvent) -> bool:
    gone = connection.execute("DELETE FROM parked WHERE consumer = %s AND position = %s", (row.consumer, row.position))
    return gone.rowcount == 1


def _note(connection: psycopg.Connection[Any], row: ParkedEvent, error: str) -> None:
    connection.execute(
        "UPDATE parked SET error = %s, attempts = attempts + 1 WHERE consumer = %s AND position = %s",
        (error, row.consumer, row.position),
    )
