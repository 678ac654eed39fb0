"""The embedded transport: one thread tails the log and wakes every consumer of this process in place."""

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
HELD: Final = 5_000
"""Events kept in memory for consumers that are close behind; who is further behind reads PostgreSQL."""
PAGE: Final = 2_000
POLL_SECONDS: Final = 0.25


class EmbeddedTransport:
    """Tails the log by position; `connect` makes an autocommit connection of its own."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        self._connect = connect
        self._events: list[RecordedEvent] = []
        """What concerns a consumer of this process, of all that lies after `_since` and up to `_reached`."""
        self._since = 0
        self._reached = 0
        self._lock = threading.Lock()
        self._bells: list[tuple[frozenset[str], threading.Event]] = []
        """One for each consumer: only those whose events came are woken."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._tail, name="tail", daemon=True)
        self._own = threading.local()
        register_cache(self)

    def start(self) -> None:
        """Begin to tail at the present end; what came before is read from PostgreSQL when it is asked for."""
        with self._connect() as connection:
            self._since = self._reached = EventLog(connection).last_position
        self._thread.start()

    def stop(self) -> None:
        """Wake everyone and end."""
        self._stopping.set()
        self._ring(set().union(*(types for types, _ in self._bells)))
        self._thread.join(timeout=5)

    def subscribe(self, consumer: str, types: Collection[str]) -> "EmbeddedSubscription":
        """See `Transport.subscribe`."""
        wanted = frozenset(types)
        bell = threading.Event()
        self._bells.append((wanted, bell))
        return EmbeddedSubscription(self, consumer, wanted, bell)

    @property
    def is_stopping(self) -> bool:
        """Whether nobody should wait any more."""
        return self._stopping.is_set()

    def look(self, position: int, types: frozenset[str], at_most: int) -> DeliveryBatch:
        """What comes after a position, from memory, or from PostgreSQL for who is further behind."""
        with self._lock:
            reached, is_held = self._reached, position >= self._since
            news = self._events[bisect_right(self._events, position, key=_position) :] if is_held else []
        if not is_held:
            return self._from_postgres(position, types, at_most)
        return _choose(news, types, at_most, max(position, reached))

    def placed(self, consumer: str) -> int:
        """Where a consumer stands in the log."""
        return checkpoints.read(self._own_connection(), consumer)[THE_LOG].position

    def _from_postgres(self, position: int, types: frozenset[str], at_most: int) -> DeliveryBatch:
        page = EventLog(self._own_connection()).read_from(position, PAGE)
        return _choose(page, types, at_most, page[-1].position if page else position)

    def _own_connection(self) -> psycopg.Connection[Any]:
        """One for each thread that asks, made anew when it is lost."""
        connection: psycopg.Connection[Any] | None = getattr(self._own, "connection", None)
        if connection is None or connection.closed:
            connection = self._own.connection = self._connect()
        return connection

    def _tail(self) -> None:
        run_forever("tail of the log", self._connect, self._follow, self._stopping)

    def _follow(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        log = EventLog(connection)
        kinds = sorted(
            {kind_of(type_) for types, _ in self._bells for type_ in types} | set(map(kind_of, CLEARING_CACHES))
        )
        while not self._stopping.is_set():
            end = min(log.last_position, self._reached + PAGE)
            if end > self._reached:
                self._extend(log.read_by_types(self._reached, end, kinds), end)
            else:
                for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                    pass

    def _extend(self, page: list[RecordedEvent], end: int) -> None:
        with self._lock:
            if len(self._events) > 2 * HELD:
                self._since = self._events[-HELD - 1].position
                del self._events[:-HELD]
            self._events += page
            self._reached = end
        types = {event.type for event in page}
        on_events(types)
        self._ring(types)

    def clear(self) -> None:
        """Drop the opened text of the events that are held."""
        with self._lock:
            for event in self._events:
                event.forget()

    def _ring(self, types: set[str]) -> None:
        for wanted, bell in self._bells:
            if wanted & types:
                bell.set()


class EmbeddedSubscription:
    """One consumer's cursor; it moves when a batch is settled. Its first question reads where the consumer stands."""

    def __init__(
        self, transport: EmbeddedTransport, consumer: str, types: frozenset[str], bell: threading.Event
    ) -> None:
        self._transport = transport
        self._consumer = consumer
        self._types = types
        self._bell = bell
        self._position: int | None = None

    def next(self, at_most: int, wait_seconds: float) -> DeliveryBatch:
        """See `Subscription.next`."""
        if self._position is None:
            self._position = self._transport.placed(self._consumer)
        found = self._transport.look(self._position, self._types, at_most)
        if not found.events and not self._transport.is_stopping:
            self._bell.wait(wait_seconds)
            self._bell.clear()
            found = self._transport.look(self._position, self._types, at_most)
        return found

    def ack(self, batch: DeliveryBatch) -> None:
        """See `Subscription.settle`."""
        if batch.steps:
            self._position = batch.steps[-1].reached.position


def _position(event: RecordedEvent) -> int:
    return int(event.position)


def _choose(events: list[RecordedEvent], types: Collection[str], at_most: int, reached: int) -> DeliveryBatch:
    steps: list[DeliveryItem] = []
    for event in events:
        if event.type in types:
            steps.append(DeliveryItem(event, THE_LOG, Progress(_position(event))))
            if len(steps) == at_most:
                return DeliveryBatch(tuple(steps))
    return DeliveryBatch((*steps, DeliveryItem(None, THE_LOG, Progress(reached))))
