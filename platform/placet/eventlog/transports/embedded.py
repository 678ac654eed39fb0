"""The embedded transport: one thread tails the log and wakes every consumer of this process in place."""

import logging
import threading
from bisect import bisect_right
from collections.abc import Callable, Collection
from typing import Any, Final

import psycopg

from placet.eventlog.forgetting import keeps_opened, pass_by
from placet.eventlog.log import EventLog, RecordedEvent
from placet.eventlog.sequencer import CHANNEL
from placet.eventlog.transports.port import Batch

logger = logging.getLogger(__name__)
HELD: Final = 20_000
"""Events kept in memory for consumers that are close behind; who is further behind reads PostgreSQL."""
PAGE: Final = 2_000
POLL_SECONDS: Final = 0.25


class EmbeddedTransport:
    """Tails the log by position; `connect` makes an autocommit connection of its own."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        self._connect = connect
        self._events: list[RecordedEvent] = []
        self._reached = 0
        self._lock = threading.Lock()
        self._bells: dict[frozenset[str], threading.Event] = {}
        """One for each set of types: only those whose events came are woken."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._tail, name="tail", daemon=True)
        self._own = threading.local()
        keeps_opened(self)

    def start(self) -> None:
        """Begin to tail at the present end; what came before is read from PostgreSQL when it is asked for."""
        with self._connect() as connection:
            self._reached = EventLog(connection).last_position
        self._thread.start()

    def stop(self) -> None:
        """Wake everyone and end."""
        self._stopping.set()
        self._ring(set().union(*self._bells))
        self._thread.join(timeout=5)

    def after(self, position: int, types: Collection[str], *, at_most: int, wait_seconds: float) -> Batch:
        """See `Transport.after`."""
        bell = self._bells.setdefault(frozenset(types), threading.Event())
        found = self._look(position, types, at_most)
        if not found.events and not self._stopping.is_set():
            bell.wait(wait_seconds)
            bell.clear()
            found = self._look(position, types, at_most)
        return found

    def _look(self, position: int, types: Collection[str], at_most: int) -> Batch:
        with self._lock:
            held, reached = self._events, self._reached
        first = held[0].position if held else reached + 1
        if position + 1 < first and position < reached:
            return self._from_postgres(position, types, at_most)
        return _choose(held[bisect_right(held, position, key=_position) :], types, at_most, max(position, reached))

    def _from_postgres(self, position: int, types: Collection[str], at_most: int) -> Batch:
        connection = getattr(self._own, "connection", None)
        if connection is None or connection.closed:
            connection = self._own.connection = self._connect()
        page = EventLog(connection).read_from(position, PAGE)
        return _choose(page, types, at_most, page[-1].position if page else position)

    def _tail(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except psycopg.OperationalError as error:
                logger.warning("the log cannot be read (%s); trying again", type(error).__name__)
                self._stopping.wait(0.5)

    def _follow(self) -> None:
        with self._connect() as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            log = EventLog(connection)
            while not self._stopping.is_set():
                page = log.read_from(self._reached, PAGE)
                if page:
                    self._tell(page)
                else:
                    for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                        pass

    def _tell(self, page: list[RecordedEvent]) -> None:
        with self._lock:
            if len(self._events) > 2 * HELD:
                self._events = self._events[-HELD:]
            self._events = [*self._events, *page]
            self._reached = page[-1].position
        types = {event.type for event in page}
        pass_by(types)
        self._ring(types)

    def forget(self) -> None:
        """Drop the opened text of the events that are held."""
        with self._lock:
            for event in self._events:
                event.forget()

    def _ring(self, types: set[str]) -> None:
        for wanted, bell in list(self._bells.items()):
            if wanted & types:
                bell.set()


def _position(event: RecordedEvent) -> int:
    return int(event.position)


def _choose(events: list[RecordedEvent], types: Collection[str], at_most: int, reached: int) -> Batch:
    chosen: list[RecordedEvent] = []
    for event in events:
        if event.type in types:
            chosen.append(event)
            if len(chosen) == at_most:
                return Batch(tuple(chosen), _position(event))
    return Batch(tuple(chosen), reached)
