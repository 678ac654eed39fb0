"""Consumers: handlers of events, registered here, listed in `config/flow.py`, run by a role.

Contract: a handler loads its streams, computes outside any transaction, and collects appends and outbox items. The
runner writes them in one transaction with the checkpoint. An event on which the handler fails becomes a dead letter
with the rest of its stream, unless the consumer never skips: then it retries, and later events wait.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from django.db import close_old_connections

from placet.eventlog import outbox
from placet.eventlog.consumers import checkpoints, dead_letter
from placet.eventlog.consumers.checkpoints import EventSource, Progress
from placet.eventlog.consumers.delivery import Delivery, StreamCache, UnitOfWork
from placet.eventlog.failpoints import failpoint
from placet.eventlog.store.codec import UnknownEventType
from placet.eventlog.store.connect import DATABASE_UNAVAILABLE, run_forever
from placet.eventlog.store.errors import LogError
from placet.eventlog.store.event import BY_CLASS
from placet.eventlog.store.log import Append, EventLog, RecordedEvent
from placet.eventlog.store.log_context import error_location, log_context
from placet.eventlog.store.versions import every_version
from placet.eventlog.transports.port import DeliveryBatch, Subscription

logger = logging.getLogger(__name__)
Handler = Callable[[Any, Delivery], None]
Prefetch = Callable[[Sequence[RecordedEvent], UnitOfWork], None]
MAX_BATCH: Final = 100
TRIES: Final = 5
MAX_BACKOFF_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Consumer:
    """A named handler of some event types, with its own checkpoint."""

    name: str
    types: frozenset[str]
    handle: Handler
    never_skips: bool
    prefetch: Prefetch | None
    batch_size: int
    requires_models: bool
    """Runs in the process role that holds models."""
    stored_types: frozenset[str] = field(init=False)
    """Its types in every version that may be stored; transports deliver these."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "stored_types", every_version(self.types))


CONSUMERS: Final[dict[str, Consumer]] = {}


def consume(
    *facts: type[Any],
    name: str,
    never_skips: bool = False,
    prefetch: Prefetch | None = None,
    batch_size: int = MAX_BATCH,
    requires_models: bool = False,
) -> Callable[[Handler], Handler]:
    """Register a handler `(fact, delivery) -> None`. `prefetch` may load or compute for a whole batch."""

    def register(handle: Handler) -> Handler:
        types = frozenset(BY_CLASS[fact].name for fact in facts)
        CONSUMERS[name] = Consumer(name, types, handle, never_skips, prefetch, batch_size, requires_models)
        return handle

    return register


def collect(consumer: Consumer, events: Sequence[RecordedEvent], work: UnitOfWork) -> None:
    """Run a consumer's handler on events, outside any transaction; collect what it writes and plans."""
    if consumer.prefetch is not None:
        consumer.prefetch(events, work)
    for event in events:
        consumer.handle(event.fact, Delivery(event, consumer.name, work))


def retry_delay_seconds(tries: int) -> float:
    """Seconds until the next try; bounded for any number of tries."""
    return min(0.01 * 3.0 ** min(tries, TRIES + 1), MAX_BACKOFF_SECONDS)


class ConsumerThread(threading.Thread):
    """Runs one consumer until stopped, with its own connection."""

    def __init__(
        self,
        consumer: Consumer,
        subscription: Subscription,
        connect: Callable[[], psycopg.Connection[Any]],
        stop: threading.Event,
    ) -> None:
        super().__init__(name=consumer.name, daemon=True)
        self.consumer = consumer
        self.subscription = subscription
        self.stop = stop
        self._connect = connect

    def run(self) -> None:
        """Connect and work; after a lost connection, continue with the batch that was not acknowledged."""
        run_forever(
            self.consumer.name,
            self._connect,
            lambda connection: self._work(ConsumerRunner(self.consumer, connection, self.stop)),
            self.stop,
        )

    def _work(self, runner: "ConsumerRunner") -> None:
        while not self.stop.is_set():
            batch = self.subscription.next(self.consumer.batch_size, wait_seconds=0.5)
            if batch.events:
                failpoint(f"{self.consumer.name}.taken")
            if runner.process(batch):
                self.subscription.ack(batch)


class ConsumerRunner:
    """Processes batches for one consumer."""

    def __init__(self, consumer: Consumer, connection: psycopg.Connection[Any], stop: threading.Event) -> None:
        self.consumer = consumer
        self.connection = connection
        self.stop = stop
        self._known = StreamCache()
        self._passed: dict[EventSource, Progress] = {}
        """Progress without events for this consumer: written with its next batch, or once a second."""
        self._saved_at = time.monotonic()

    def process(self, batch: DeliveryBatch) -> bool:
        """Process a batch. Returns False if stopped first: the rest will be delivered again."""
        self._known.apply_invalidation()
        if batch.events:
            return self._process_events(batch)
        self._passed |= batch.reached
        if self._passed and time.monotonic() - self._saved_at > 1:
            with self.connection.transaction():
                self._save_progress({})
        return True

    def _process_events(self, batch: DeliveryBatch) -> bool:
        if not self._has_dead_letters():
            try:
                self._process_batch(batch.events, batch.reached)
            except DATABASE_UNAVAILABLE:
                raise
            except Exception as error:  # noqa: BLE001  a handler may raise anything: each event is now tried alone
                logger.info(
                    "%s: processing %d events one by one after %s",
                    self.consumer.name, len(batch.events), type(error).__name__,
                )  # fmt: skip
            else:
                return True
        for item in batch.items:
            if item.event is not None:
                self._process_one(item.event, {item.source: item.reached})
            if self.stop.is_set():
                return False
        with self.connection.transaction():
            self._save_progress(batch.reached)
        return True

    def _process_batch(self, events: Sequence[RecordedEvent], reached: Mapping[EventSource, Progress]) -> None:
        work = UnitOfWork(EventLog(self.connection), self._known)
        try:
            collect(self.consumer, events, work)
        except DATABASE_UNAVAILABLE:
            close_old_connections()  # Django's own connection may be lost, and would fail every later try as well
            raise
        failpoint(f"{self.consumer.name}.handled")
        is_single = len(events) == 1  # a batch that was written before is rolled back, then split
        self._write(work, reached, work.log.append_all if is_single else work.log.append_in_transaction)
        failpoint(f"{self.consumer.name}.committed")

    def _write(
        self, work: UnitOfWork, reached: Mapping[EventSource, Progress], write: Callable[[Sequence[Append]], object]
    ) -> None:
        with self.connection.transaction():
            if work.writes:
                write(work.writes)
            outbox.plan(self.connection, self.consumer.name, work.outbox_items)
            self._save_progress(reached)

    def _process_one(self, event: RecordedEvent, reached: Mapping[EventSource, Progress]) -> None:
        """Try one event until it is processed or a dead letter, or (never skipping) until stopped."""
        with log_context(event.correlation_id):
            if dead_letter.add_dead_letter_behind(self.connection, self.consumer.name, event):
                with self.connection.transaction():
                    self._save_progress(reached)
            else:
                self._retry_until_done(event, reached)

    def _retry_until_done(self, event: RecordedEvent, reached: Mapping[EventSource, Progress]) -> None:
        tries = 0
        while not self.stop.is_set():
            tries += 1
            try:
                self._process_batch([event], reached)
            except DATABASE_UNAVAILABLE:
                raise
            except LogError as conflict:
                self._back_off(tries, conflict)
            except Exception as error:  # noqa: BLE001  a handler may raise anything: dead letter, or retry
                if tries >= TRIES and not self._must_retry(error):
                    self._add_dead_letter(event, error_location(error), reached)
                    return
                self._back_off(tries, error)
            else:
                return

    def _must_retry(self, error: Exception) -> bool:
        return self.consumer.never_skips or isinstance(error, UnknownEventType)

    def _back_off(self, tries: int, error: Exception) -> None:
        close_old_connections()  # a connection to a killed server would fail every later try as well
        if tries >= TRIES:
            logger.warning("%s is retrying: %s", self.consumer.name, error_location(error))
        self.stop.wait(retry_delay_seconds(tries))

    def _save_progress(self, reached: Mapping[EventSource, Progress]) -> None:
        checkpoints.move(self.connection, self.consumer.name, {**self._passed, **reached})
        self._passed = {}
        self._saved_at = time.monotonic()

    def _has_dead_letters(self) -> bool:
        return self._exists("SELECT EXISTS (SELECT FROM eventlog_dead_letter WHERE consumer = %s)", self.consumer.name)

    def _exists(self, query: str, *parameters: str) -> bool:
        row = self.connection.execute(query, parameters).fetchone()
        return bool(row and row[0])

    def _add_dead_letter(self, event: RecordedEvent, error: str, reached: Mapping[EventSource, Progress]) -> None:
        logger.error("%s: dead letter at position %s (%s)", self.consumer.name, event.position, error)
        with self.connection.transaction():
            dead_letter.add_dead_letter(self.connection, self.consumer.name, event, error, TRIES)
            self._save_progress(reached)
