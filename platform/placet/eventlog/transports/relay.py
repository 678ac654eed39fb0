"""Relay: publishes the log to Apache Kafka at least once, by position, so in order within each partition.

One relay leads, by lease. Its checkpoint moves by compare-and-set, together with those of the partitions. If it is
unknown what arrived, the producer is discarded and everything is sent again from the checkpoint.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import psycopg

from placet.eventlog.consumers import checkpoints
from placet.eventlog.consumers.checkpoints import THE_LOG, EventSource, Progress
from placet.eventlog.failpoints import failpoint
from placet.eventlog.leases import LEASE_SECONDS, Lease
from placet.eventlog.store.event import TYPES
from placet.eventlog.store.log import EventLog
from placet.eventlog.store.records import OutboundRecord
from placet.eventlog.store.sequencer import CHANNEL
from placet.eventlog.transports.cloudevents import headers_of, partition_of, room_of
from placet.eventlog.transports.kafka import KafkaCluster, KafkaUnavailable, Producer, Record

logger = logging.getLogger(__name__)
NAME: Final = "relay"
SOURCE: Final = b"/placet/log"
PAGE: Final = 4_000
"""Large: after each answer of PostgreSQL a thread waits for Python's lock, which the sending thread holds."""
MAX_IN_FLIGHT: Final = 3
"""Maximum of pages sent and not yet acknowledged."""
IDLE_SECONDS: Final = 0.25
RETRY_SECONDS: Final = 0.5
NO_SYNC_COMMIT: Final = "SET synchronous_commit = off"
"""A crash of PostgreSQL may lose the last checkpoints: the relay then sends some records twice, no more."""
ADVANCE: Final = """
UPDATE eventlog_checkpoint SET position = %s, updated_at = clock_timestamp()
WHERE name = %s AND topic = '' AND position = %s
"""
FIRST: Final = "SELECT coalesce(min(position), 0) FROM eventlog_checkpoint WHERE topic = '' AND name = ANY(%s)"


class Overtaken(RuntimeError):
    """Another relay has moved the checkpoint: what this one sent is there twice, which does no harm."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One page in flight."""

    begun: int
    position: int
    progress: dict[EventSource, Progress]
    futures: list[Any]


class Relay:
    """Runs in its own process. `consumers`: a first relay on an old log begins at their lowest low watermark."""

    def __init__(
        self,
        connect: Callable[[], psycopg.Connection[Any]],
        cluster: KafkaCluster,
        consumers: Collection[str] = (),
    ) -> None:
        self._connect = connect
        self.cluster = cluster
        self.consumers = list(consumers)

    def run(self, stop: threading.Event) -> None:
        """Relay until stopped. Retries Kafka's errors, raises psycopg's."""
        with self._connect() as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            connection.execute(NO_SYNC_COMMIT)
            lease = Lease(connection, NAME)
            while not stop.is_set():
                try:
                    if lease.hold():
                        Leader(connection, lease, self.cluster, self.consumers).run(stop)
                except (KafkaUnavailable, Overtaken) as reason:
                    logger.warning("the relay restarts from its checkpoint: %s", reason)
                stop.wait(RETRY_SECONDS)
            lease.give_up()


class Leader:
    """One leadership, from taking the lease to losing it or the first error of Kafka."""

    def __init__(
        self, connection: psycopg.Connection[Any], lease: Lease, cluster: KafkaCluster, consumers: list[str]
    ) -> None:
        self.connection = connection
        self.log = EventLog(connection)
        self.lease = lease
        self.cluster = cluster
        self.consumers = consumers
        self._topics: dict[str, str] = {}  # room -> its topic
        self._ids: dict[str, str] = {}  # topic -> its id
        self._progress: dict[EventSource, Progress] = {}
        self._position = 0
        self._in_flight: deque[Sent] = deque()
        self._renewed_at = time.monotonic()

    def run(self, stop: threading.Event) -> None:
        """Raises `KafkaUnavailable` and `Overtaken`."""
        self._begin({kind.room for kind in TYPES.values()})
        producer = self.cluster.producer()
        try:
            while not stop.is_set() and self._still_leads():
                self._step(producer)
            while self._in_flight:
                self._finish(producer)
        finally:
            producer.close()

    def _begin(self, rooms: set[str]) -> None:
        """Begin at the checkpoint; on a log that was never relayed, at the consumers' lowest checkpoint."""
        self._progress = checkpoints.read(self.connection, NAME)
        self._position = self._progress.pop(THE_LOG).position
        if not self._position and not self._progress and self.consumers:
            row = self.connection.execute(FIRST, (self.consumers,)).fetchone() or (0,)
            self._position = int(row[0])
            self._advance(0, self._position, {})
        self._add_rooms(rooms)

    def _add_rooms(self, rooms: set[str]) -> None:
        """Add rooms. Sources without records begin here: consumers that are behind read the log."""
        topics = {room: self.cluster.topic(room) for room in rooms}
        ids = self.cluster.ensure_topics(topics.values())
        self._topics |= topics
        self._ids |= ids
        begun = {
            source: Progress(self._position, topic_id)
            for topic, topic_id in ids.items()
            for source in (EventSource(topic, partition) for partition in range(self.cluster.partitions))
            if source not in self._progress
        }
        checkpoints.move(self.connection, NAME, begun)
        self._progress |= begun

    def _still_leads(self) -> bool:
        now = time.monotonic()
        if now - self._renewed_at > LEASE_SECONDS / 3:
            self._renewed_at = now
            return self.lease.hold()
        return True

    def _step(self, producer: Producer) -> None:
        page = self.log.read_for_relay(self._position, PAGE)
        if new := {room_of(type_) for type_ in {event.type for event in page}} - self._topics.keys():
            self._add_rooms(new)  # written by a newer release
        if page:
            self._in_flight.append(self._send(producer, page))
        if self._in_flight and (not page or len(self._in_flight) >= MAX_IN_FLIGHT):
            self._finish(producer)
        elif not page:
            for _ in self.connection.notifies(timeout=IDLE_SECONDS, stop_after=1):
                pass

    def _send(self, producer: Producer, page: list[OutboundRecord]) -> Sent:
        begun, self._position = self._position, page[-1].position
        last: dict[EventSource, int] = {}
        futures = producer.send(self._record(event, last) for event in page)
        moved = {source: Progress(position, self._ids[source.topic]) for source, position in last.items()}
        self._progress |= moved
        return Sent(begun, self._position, moved, futures)

    def _record(self, event: OutboundRecord, last: dict[EventSource, int]) -> Record:
        """`last`: source -> last position that this page has put there; updated here."""
        source = _source(self._topics[room_of(event.type)], event.stream, self.cluster.partitions)
        before = last.get(source) or self._progress[source].position
        last[source] = event.position
        return Record(source, event.stream, event.data, headers_of(event, before, SOURCE))

    def _finish(self, producer: Producer) -> None:
        sent = self._in_flight.popleft()
        producer.wait(sent.futures)
        failpoint("relay.sent")
        self._advance(sent.begun, sent.position, sent.progress)
        failpoint("relay.advanced")

    def _advance(self, begun: int, position: int, progress: dict[EventSource, Progress]) -> None:
        with self.connection.transaction():
            if self.connection.execute(ADVANCE, (position, NAME, begun), prepare=True).rowcount != 1:
                raise Overtaken(f"another relay has moved the checkpoint from position {begun}")
            checkpoints.move(self.connection, NAME, progress)


@lru_cache(65_536)
def _source(topic: str, stream: str, partitions: int) -> EventSource:
    return EventSource(topic, partition_of(stream, partitions))
