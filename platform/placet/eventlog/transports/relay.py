"""The log carried to Apache Kafka: in order by position, so in order within each partition; at least once.

One relay leads, by lease; how far it is moves by compare-and-set, together with where each partition stands. After a
failure that leaves open what arrived, the producer is thrown away and all is sent again from there.
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
"""Large: whoever waits for an answer of PostgreSQL waits for Python's lock after it, which the sending thread holds."""
UNDER_WAY: Final = 3
"""Pages sent and not yet acknowledged."""
IDLE_SECONDS: Final = 0.25
AGAIN_SECONDS: Final = 0.5
UNFORCED: Final = "SET synchronous_commit = off"
"""A crash of PostgreSQL may take back how far the relay was, and then it sends some twice. Nothing else is at stake."""
ADVANCE: Final = """
UPDATE eventlog_checkpoint SET position = %s, updated_at = clock_timestamp()
WHERE name = %s AND topic = '' AND position = %s
"""
FIRST: Final = "SELECT coalesce(min(position), 0) FROM eventlog_checkpoint WHERE topic = '' AND name = ANY(%s)"


class Overtaken(RuntimeError):
    """Another relay has moved on: what this one sent is there twice, which does no harm."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One page on its way."""

    begun: int
    position: int
    places: dict[EventSource, Progress]
    futures: list[Any]


class Relay:
    """Runs in a process of its own. `consumers`: whose floors a first relay on an old log may begin at."""

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
        """Until asked to stop. Raises psycopg's errors; Kafka's are waited out."""
        with self._connect() as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            connection.execute(UNFORCED)
            lease = Lease(connection, NAME)
            while not stop.is_set():
                try:
                    if lease.hold():
                        Leader(connection, lease, self.cluster, self.consumers).run(stop)
                except (KafkaUnavailable, Overtaken) as reason:
                    logger.warning("the relay begins again from its checkpoint: %s", reason)
                stop.wait(AGAIN_SECONDS)
            lease.give_up()


class Leader:
    """From taking the lead to losing it, or to the first answer of Kafka that is missing."""

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
        self._places: dict[EventSource, Progress] = {}
        self._position = 0
        self._under_way: deque[Sent] = deque()
        self._held_at = time.monotonic()

    def run(self, stop: threading.Event) -> None:
        """Raises `KafkaUnavailable` and `Overtaken`."""
        self._begin({kind.room for kind in TYPES.values()})
        producer = self.cluster.producer()
        try:
            while not stop.is_set() and self._still_leads():
                self._turn(producer)
            while self._under_way:
                self._finish(producer)
        finally:
            producer.close()

    def _begin(self, rooms: set[str]) -> None:
        """Where the checkpoint says; on a log that was never carried, where the consumers are."""
        self._places = checkpoints.read(self.connection, NAME)
        self._position = self._places.pop(THE_LOG).position
        if not self._position and not self._places and self.consumers:
            row = self.connection.execute(FIRST, (self.consumers,)).fetchone() or (0,)
            self._position = int(row[0])
            self._advance(0, self._position, {})
        self._take_up(rooms)

    def _take_up(self, rooms: set[str]) -> None:
        """Where no record was sent yet, all up to here went elsewhere: who has not answered it reads the log."""
        topics = {room: self.cluster.topic(room) for room in rooms}
        ids = self.cluster.ensure_topics(topics.values())
        self._topics |= topics
        self._ids |= ids
        begun = {
            place: Progress(self._position, topic_id)
            for topic, topic_id in ids.items()
            for place in (EventSource(topic, partition) for partition in range(self.cluster.partitions))
            if place not in self._places
        }
        checkpoints.move(self.connection, NAME, begun)
        self._places |= begun

    def _still_leads(self) -> bool:
        now = time.monotonic()
        if now - self._held_at > LEASE_SECONDS / 3:
            self._held_at = now
            return self.lease.hold()
        return True

    def _turn(self, producer: Producer) -> None:
        page = self.log.read_for_relay(self._position, PAGE)
        if new := {room_of(type_) for type_ in {event.type for event in page}} - self._topics.keys():
            self._take_up(new)  # written by younger code than this
        if page:
            self._under_way.append(self._send(producer, page))
        if self._under_way and (not page or len(self._under_way) >= UNDER_WAY):
            self._finish(producer)
        elif not page:
            for _ in self.connection.notifies(timeout=IDLE_SECONDS, stop_after=1):
                pass

    def _send(self, producer: Producer, page: list[OutboundRecord]) -> Sent:
        begun, self._position = self._position, page[-1].position
        last: dict[EventSource, int] = {}
        futures = producer.send(self._record(event, last) for event in page)
        moved = {place: Progress(position, self._ids[place.topic]) for place, position in last.items()}
        self._places |= moved
        return Sent(begun, self._position, moved, futures)

    def _record(self, event: OutboundRecord, last: dict[EventSource, int]) -> Record:
        """`last`: place -> position of what this page has put there; kept up."""
        place = _place(self._topics[room_of(event.type)], event.stream, self.cluster.partitions)
        before = last.get(place) or self._places[place].position
        last[place] = event.position
        return Record(place, event.stream, event.data, headers_of(event, before, SOURCE))

    def _finish(self, producer: Producer) -> None:
        sent = self._under_way.popleft()
        producer.wait(sent.futures)
        failpoint("relay.sent")
        self._advance(sent.begun, sent.position, sent.places)
        failpoint("relay.advanced")

    def _advance(self, begun: int, position: int, places: dict[EventSource, Progress]) -> None:
        with self.connection.transaction():
            if self.connection.execute(ADVANCE, (position, NAME, begun), prepare=True).rowcount != 1:
                raise Overtaken(f"another relay has moved on from position {begun}")
            checkpoints.move(self.connection, NAME, places)


@lru_cache(65_536)
def _place(topic: str, stream: str, partitions: int) -> EventSource:
    return EventSource(topic, partition_of(stream, partitions))
