"""Embedded transport: one thread tails the log and wakes the consumers of this process."""

import logging
import threading
from bisect import bisect_right
from collections.abc import Callable, Collection
from typing import Any, Final

import psycopg

from placet.eventlog.consumers import checkpoints
from placet.eventlog.consumers.checkpoints import THE_LOG, Progress
from placet.eventlog.encryption.cache_invalidation import on_events, register_cache
from placet.eventlog.store.connect import run_forever
from placet.eventlog.store.event import CLEARING_CACHES
from placet.eventlog.store.log import EventLog, RecordedEvent
from placet.eventlog.store.sequencer import CHANNEL
from placet.eventlog.store.versions import kind_of
from placet.eventlog.transports.port import DeliveryBatch, DeliveryItem

logger = logging.getLogger(__name__)
MAX_CACHED_EVENTS: Final = 5_000
"""Events kept in memory for consumers that are close behind; others read PostgreSQL."""
PAGE: Final = 2_000
POLL_SECONDS: Final = 0.25


class EmbeddedTransport:
    """Tails the log by position. `connect` opens an autocommit connection."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        self._connect = connect
        self._events: list[RecordedEvent] = []
        """The events after `_since` and up to `_reached` that a consumer of this process subscribes to."""
        self._since = 0
        self._reached = 0
        self._lock = threading.Lock()
        self._wakeups: list[tuple[frozenset[str], threading.Event]] = []
        """One for each consumer: only those with new events are woken."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._tail, name="tail", daemon=True)
        self._local = threading.local()
        register_cache(self)

    def start(self) -> None:
        """Tail from the current end; earlier events are read from PostgreSQL when needed."""
        with self._connect() as connection:
            self._since = self._reached = EventLog(connection).last_position
        self._thread.start()

    def stop(self) -> None:
        """Wake all consumers and stop."""
        self._stopping.set()
        self._wake(set().union(*(types for types, _ in self._wakeups)))
        self._thread.join(timeout=5)

    def subscribe(self, consumer: str, types: Collection[str]) -> "EmbeddedSubscription":
        """See `Transport.subscribe`."""
        subscribed = frozenset(types)
        wakeup = threading.Event()
        self._wakeups.append((subscribed, wakeup))
        return EmbeddedSubscription(self, consumer, subscribed, wakeup)

    @property
    def is_stopping(self) -> bool:
        """Whether subscriptions must not wait any more."""
        return self._stopping.is_set()

    def read_after(self, position: int, types: frozenset[str], at_most: int) -> DeliveryBatch:
        """The events after a position, from memory, or from PostgreSQL if they are no longer there."""
        with self._lock:
            reached, is_cached = self._reached, position >= self._since
            new_events = self._events[bisect_right(self._events, position, key=_position) :] if is_cached else []
        if not is_cached:
            return self._from_postgres(position, types, at_most)
        return _batch_of(new_events, types, at_most, max(position, reached))

    def position_of(self, consumer: str) -> int:
        """A consumer's checkpoint in the log."""
        return checkpoints.read(self._thread_connection(), consumer)[THE_LOG].position

    def _from_postgres(self, position: int, types: frozenset[str], at_most: int) -> DeliveryBatch:
        page = EventLog(self._thread_connection()).read_from(position, PAGE)
        return _batch_of(page, types, at_most, page[-1].position if page else position)

    def _thread_connection(self) -> psycopg.Connection[Any]:
        """One connection for each thread, replaced when lost."""
        connection: psycopg.Connection[Any] | None = getattr(self._local, "connection", None)
        if connection is None or connection.closed:
            connection = self._local.connection = self._connect()
        return connection

    def _tail(self) -> None:
        run_forever("tail of the log", self._connect, self._follow, self._stopping)

    def _follow(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        log = EventLog(connection)
        kinds = sorted(
            {kind_of(type_) for types, _ in self._wakeups for type_ in types} | set(map(kind_of, CLEARING_CACHES))
        )
        while not self._stopping.is_set():
            end = min(log.last_position, self._reached + PAGE)
            if end > self._reached:
                self._add_page(log.read_by_types(self._reached, end, kinds), end)
            else:
                for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                    pass

    def _add_page(self, page: list[RecordedEvent], end: int) -> None:
        with self._lock:
            if len(self._events) > 2 * MAX_CACHED_EVENTS:
                self._since = self._events[-MAX_CACHED_EVENTS - 1].position
                del self._events[:-MAX_CACHED_EVENTS]
            self._events += page
            self._reached = end
        types = {event.type for event in page}
        on_events(types)
        self._wake(types)

    def clear(self) -> None:
        """Drop the decrypted text of the cached events."""
        with self._lock:
            for event in self._events:
                event.forget()

    def _wake(self, types: set[str]) -> None:
        for subscribed, wakeup in self._wakeups:
            if subscribed & types:
                wakeup.set()


class EmbeddedSubscription:
    """One consumer's cursor, moved when a batch is acknowledged. The first `next` reads the checkpoint."""

    def __init__(
        self, transport: EmbeddedTransport, consumer: str, types: frozenset[str], wakeup: threading.Event
    ) -> None:
        self._transport = transport
        self._consumer = consumer
        self._types = types
        self._wakeup = wakeup
        self._position: int | None = None

    def next(self, at_most: int, wait_seconds: float) -> DeliveryBatch:
        """See `Subscription.next`."""
        if self._position is None:
            self._position = self._transport.position_of(self._consumer)
        found = self._transport.read_after(self._position, self._types, at_most)
        if not found.events and not self._transport.is_stopping:
            self._wakeup.wait(wait_seconds)
            self._wakeup.clear()
            found = self._transport.read_after(self._position, self._types, at_most)
        return found

    def ack(self, batch: DeliveryBatch) -> None:
        """See `Subscription.ack`."""
        if batch.items:
            self._position = batch.items[-1].reached.position


def _position(event: RecordedEvent) -> int:
    return int(event.position)


def _batch_of(events: list[RecordedEvent], types: Collection[str], at_most: int, reached: int) -> DeliveryBatch:
    items: list[DeliveryItem] = []
    for event in events:
        if event.type in types:
            items.append(DeliveryItem(event, THE_LOG, Progress(_position(event))))
            if len(items) == at_most:
                return DeliveryBatch(tuple(items))
    return DeliveryBatch((*items, DeliveryItem(None, THE_LOG, Progress(reached))))
