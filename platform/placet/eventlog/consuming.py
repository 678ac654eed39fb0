"""Consumers: an event, then something done in answer. Registered here, listed in `config/flow.py`, run by a role.

Contract: a handler loads its streams, computes outside any transaction, and gathers appends and effects. The runner
writes them in one transaction with the checkpoint. A failure of a handler parks the event with its stream, unless the
consumer never skips: then it stops there and tries again, and what depends on it waits.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

from placet.eventlog import effects, parking
from placet.eventlog.codec import UnknownEventType
from placet.eventlog.correlating import about, place_of
from placet.eventlog.delivery import Delivery, Gathered, KnownStreams
from placet.eventlog.errors import LogError
from placet.eventlog.event import BY_CLASS
from placet.eventlog.log import EventLog, RecordedEvent
from placet.eventlog.transports.port import Transport
from placet.eventlog.understanding import every_version

logger = logging.getLogger(__name__)
Handler = Callable[[Any, Delivery], None]
Prepare = Callable[[Sequence[RecordedEvent], Gathered], None]
AT_MOST: Final = 100
TRIES: Final = 5
LONGEST_REST_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Consumer:
    """One named reaction to some event types, with a checkpoint of its own."""

    name: str
    types: frozenset[str]
    handle: Handler
    never_skips: bool
    prepare: Prepare | None
    at_most: int
    needs_models: bool
    """Runs in the process that holds the models."""
    answers: frozenset[str] = field(init=False)
    """Its types as they may be stored: in every version. What transports are asked for."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "answers", every_version(self.types))


CONSUMERS: Final[dict[str, Consumer]] = {}


def consume(
    *facts: type[Any],
    name: str,
    never_skips: bool = False,
    prepare: Prepare | None = None,
    at_most: int = AT_MOST,
    needs_models: bool = False,
) -> Callable[[Handler], Handler]:
    """Register a handler `(fact, delivery) -> None`. `prepare` may load or compute for a whole batch at once."""

    def register(handle: Handler) -> Handler:
        types = frozenset(BY_CLASS[fact].name for fact in facts)
        CONSUMERS[name] = Consumer(name, types, handle, never_skips, prepare, at_most, needs_models)
        return handle

    return register


def gather(consumer: Consumer, events: Sequence[RecordedEvent], gathered: Gathered) -> None:
    """Let a consumer answer events, outside any transaction: what it writes and plans is gathered."""
    if consumer.prepare is not None:
        consumer.prepare(events, gathered)
    for event in events:
        consumer.handle(event.fact, Delivery(event, consumer.name, gathered))


class ConsumerThread(threading.Thread):
    """Runs one consumer until stopped. Holds one connection of its own."""

    def __init__(
        self,
        consumer: Consumer,
        transport: Transport,
        connect: Callable[[], psycopg.Connection[Any]],
        stop: threading.Event,
    ) -> None:
        super().__init__(name=consumer.name, daemon=True)
        self.consumer = consumer
        self.transport = transport
        self.stop = stop
        self._connect = connect

    def run(self) -> None:
        """Connect, work, and after a lost connection begin again from the checkpoint."""
        while not self.stop.is_set():
            try:
                with self._connect() as connection:
                    self._work(ConsumerRunner(self.consumer, connection, self.stop))
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                logger.warning("%s: PostgreSQL is away (%s); trying again", self.consumer.name, type(error).__name__)
                self.stop.wait(0.5)
            except Exception:
                logger.exception("%s stopped unexpectedly; beginning again from its checkpoint", self.consumer.name)
                self.stop.wait(1)

    def _work(self, runner: "ConsumerRunner") -> None:
        while not self.stop.is_set():
            batch = self.transport.after(
                runner.position, self.consumer.answers, at_most=self.consumer.at_most, wait_seconds=0.5
            )
            runner.take(batch.events, batch.reached)


class ConsumerRunner:
    """Takes batches for one consumer and writes their answers."""

    def __init__(self, consumer: Consumer, connection: psycopg.Connection[Any], stop: threading.Event) -> None:
        self.consumer = consumer
        self.connection = connection
        self.stop = stop
        self.position = _checkpoint(connection, consumer.name)
        self._saved_at = 0.0
        self._known = KnownStreams()

    def take(self, events: Sequence[RecordedEvent], reached: int) -> None:
        """Answer the events, then stand at `reached`."""
        if events:
            self._answer(events, reached)
        elif reached > self.position and time.monotonic() - self._saved_at > 1:
            with self.connection.transaction():
                self._move(reached)
        self.position = max(self.position, reached) if not self.stop.is_set() else self.position

    def _answer(self, events: Sequence[RecordedEvent], reached: int) -> None:
        if not self._has_parked():
            try:
                self._together(events, reached)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                raise
            except Exception as error:  # noqa: BLE001  whatever one handler raised, each event is now tried alone
                logger.info(
                    "%s: %d events taken one by one after %s", self.consumer.name, len(events), type(error).__name__
                )
            else:
                return
        for event in events:
            self._alone(event)
            if self.stop.is_set():
                return
        with self.connection.transaction():
            self._move(reached)

    def _together(self, events: Sequence[RecordedEvent], reached: int) -> None:
        gathered = Gathered(EventLog(self.connection), self._known)
        gather(self.consumer, events, gathered)
        self._write(gathered, reached)

    def _write(self, gathered: Gathered, reached: int) -> None:
        with self.connection.transaction():
            if gathered.writes:
                gathered.log.append_all(gathered.writes)
            effects.plan(self.connection, self.consumer.name, gathered.effects)
            self._move(reached)

    def _alone(self, event: RecordedEvent) -> None:
        """One event, tried until it is answered, parked, or (never skipping) the stop comes."""
        with about(event.correlation_id):
            if not parking.park_behind(self.connection, self.consumer.name, event):
                self._until_answered(event)

    def _until_answered(self, event: RecordedEvent) -> None:
        tries = 0
        while not self.stop.is_set():
            tries += 1
            try:
                self._together([event], event.position)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                raise
            except LogError as conflict:
                self._rest(tries, conflict)
            except Exception as error:  # noqa: BLE001  a handler may raise anything; it is parked or waited for
                if tries >= TRIES and not self._must_wait(error):
                    self._park(event, place_of(error))
                    return
                self._rest(tries, error)
            else:
                return

    def _must_wait(self, error: Exception) -> bool:
        return self.consumer.never_skips or isinstance(error, UnknownEventType)

    def _rest(self, tries: int, error: Exception) -> None:
        if tries >= TRIES:
            logger.warning("%s waits: %s", self.consumer.name, place_of(error))
        self.stop.wait(min(0.01 * 3**tries, LONGEST_REST_SECONDS))

    def _move(self, position: int) -> None:
        self.connection.execute(
            "UPDATE checkpoint SET position = greatest(position, %s), moved_at = clock_timestamp()"
            " WHERE name = %s AND topic = '' AND partition = 0",
            (position, self.consumer.name),
        )
        self._saved_at = time.monotonic()

    def _has_parked(self) -> bool:
        return self._one("SELECT EXISTS (SELECT FROM parked WHERE consumer = %s)", self.consumer.name)

    def _one(self, query: str, *parameters: str) -> bool:
        row = self.connection.execute(query, parameters).fetchone()
        return bool(row and row[0])

    def _park(self, event: RecordedEvent, error: str) -> None:
        logger.error("%s parked position %s (%s)", self.consumer.name, event.position, error)
        with self.connection.transaction():
            parking.park(self.connection, self.consumer.name, event, error, TRIES)
            self._move(event.position)


def _checkpoint(connection: psycopg.Connection[Any], name: str) -> int:
    connection.execute(
        "INSERT INTO checkpoint (name, topic, partition, position, moved_at) VALUES (%s, '', 0, 0, clock_timestamp())"
        " ON CONFLICT DO NOTHING",
        (name,),
    )
    row = connection.execute(
        "SELECT position FROM checkpoint WHERE name = %s AND topic = '' AND partition = 0", (name,)
    )
    return int((row.fetchone() or (0,))[0])
