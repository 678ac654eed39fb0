"""The transport over Apache Kafka: one consumer of a group for each process, whatever number of handlers it holds.

A record only wakes and names a place; what happened is read from the log in PostgreSQL. Where the topic has a hole
(retention, another topic of the same name, a broker that lost what it had acknowledged), the range is read from there.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

import psycopg

from placet.eventlog.consumers import checkpoints
from placet.eventlog.consumers.checkpoints import EventSource
from placet.eventlog.consumers.watermarks import raise_watermarks
from placet.eventlog.encryption.cache_invalidation import on_events
from placet.eventlog.store.connect import DATABASE_UNAVAILABLE, run_forever
from placet.eventlog.store.event import CLEARING_CACHES
from placet.eventlog.store.log import EventLog, RecordedEvent
from placet.eventlog.transports.cloudevents import parse_headers, partition_of, room_of
from placet.eventlog.transports.delivery_queue import DeliveryQueue
from placet.eventlog.transports.kafka import GroupConsumer, KafkaCluster, KafkaUnavailable, RawRecord
from placet.eventlog.transports.partitions import Cursor, Partition

logger = logging.getLogger(__name__)
FULL: Final = 4_000
"""Steps in one queue from which on nothing more is polled."""
PAGE: Final = 2_000
POLL_SECONDS: Final = 0.25
AGAIN_SECONDS: Final = 1.0
COMMIT_EVERY_SECONDS: Final = 1.0
LOOK_FOR_HOLES_EVERY_SECONDS: Final = 5.0
RELAY: Final = "relay"


def _told(error: Exception) -> str:
    """Kafka's own words hold nothing of anybody's; PostgreSQL's may."""
    return str(error) if isinstance(error, KafkaUnavailable) else type(error).__name__


class GroupTransport:
    """See `Transport`. All processes of one `role` are one group and share its partitions."""

    def __init__(self, role: str, cluster: KafkaCluster, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        self.role = role
        self.cluster = cluster
        self._connect = connect
        self._queues: list[DeliveryQueue] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="poll", daemon=True)

    def subscribe(self, consumer: str, types: Collection[str]) -> DeliveryQueue:
        """See `Transport.subscribe`."""
        self._queues.append(DeliveryQueue(consumer, types))
        return self._queues[-1]

    def start(self) -> None:
        """Begin to poll; while the broker is away, try again."""
        self._thread.start()

    def stop(self) -> None:
        """Wake everyone, and leave the group, so that the others need not wait for the session to end."""
        self._stopping.set()
        for queue in self._queues:
            queue.close()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        run_forever(
            f"consumer group {self.role}",
            self._connect,
            lambda connection: Poller(self.role, self.cluster, connection, self._queues).run(self._stopping),
            self._stopping,
            unavailable=(KafkaUnavailable, *DATABASE_UNAVAILABLE),
        )


class Poller:
    """One life of a member of the group: from joining to leaving, or to the first lost connection."""

    def __init__(
        self, role: str, cluster: KafkaCluster, connection: psycopg.Connection[Any], queues: Collection[DeliveryQueue]
    ) -> None:
        self.role = role
        self.cluster = cluster
        self.connection = connection
        self.log = EventLog(connection)
        self._topics = {queue: {cluster.topic(room_of(t)) for t in queue.types} for queue in queues}
        self._partitions: dict[EventSource, Partition] = {}
        self._ids: dict[str, str] = {}
        self._consumer: GroupConsumer
        self._is_full = False
        self._looked_at = self._committed_at = 0.0
        self._forgotten_up_to = self.log.last_position
        on_events(CLEARING_CACHES)  # what passed between two lives of a member was seen by nobody

    def run(self, stopping: threading.Event) -> None:
        """Until asked to stop. Raises `KafkaUnavailable`, and psycopg's errors."""
        topics = set().union(*self._topics.values())
        self._ids = self.cluster.ensure_topics(topics)
        self._consumer = self.cluster.consumer(self.role)
        try:
            self._consumer.subscribe(topics, self._gained, self._lost)
            while not stopping.is_set():
                self._take(self._consumer.poll(POLL_SECONDS))
                self._pay()
                self._throttle()
                self._look_around()
            self._commit()
        finally:
            self._lost(set(self._partitions))
            self._consumer.close()

    def _gained(self, places: set[EventSource]) -> None:
        """Go on where the checkpoints say, at the first record that somebody here has not answered."""
        written = {queue: checkpoints.read(self.connection, queue.consumer) for queue in self._topics}
        for place in sorted(places - set(self._partitions)):
            topic_id = self._ids[place.topic]
            cursors = [
                Cursor.at(queue, place, topic_id, written[queue])
                for queue, topics in self._topics.items()
                if place.topic in topics
            ]
            self._partitions[place] = partition = Partition(place, topic_id, cursors)
            self._consumer.seek(place, partition.resume_at)
        self._looked_at = 0.0
        logger.info("%s has %d partitions", self.role, len(self._partitions))

    def _lost(self, places: set[EventSource]) -> None:
        for queue in self._topics:
            queue.drop(places)
        for place in places:
            self._partitions.pop(place, None)

    def _take(self, records: list[RawRecord]) -> None:
        """Hand on what the records name; at a hole, go back to its edge and ask the log first."""
        named = [(record, parse_headers(record.headers)) for record in records]
        events = self.log.read_at(n.position for _, n in named if n)
        halted: set[EventSource] = set()
        for record, name in named:
            partition = self._partitions.get(record.place)
            if partition is None or record.place in halted:
                continue
            event = events.get(name.position) if name else None
            if name is None or event is None or event.event_id != name.event_id:
                logger.warning("a record on %s names nothing in this log; passed over", record.place.topic)
            elif partition.position < name.before:
                partition.owed_until = name.before
                self._consumer.seek(record.place, record.offset)
                halted.add(record.place)
            else:
                partition.take(event, record.offset)
        self._consumer.pause(halted)

    def _pay(self) -> None:
        """Read from the log what partitions still owe, as long as there is room."""
        for partition in [p for p in self._partitions.values() if p.is_owed]:
            logger.info("%s: reading a range of %s from the log", self.role, partition.place.topic)
            while partition.is_owed and not self._has_full(partition):
                page = self.log.read_from(partition.position, PAGE)
                reached = page[-1].position if page else partition.owed_until
                partition.fill(self._of(partition.place, page), min(reached, partition.owed_until))
            if not partition.is_owed:
                self._consumer.resume([partition.place])

    def _of(self, place: EventSource, page: Iterable[RecordedEvent]) -> list[RecordedEvent]:
        return [
            event for event in page
            if self.cluster.topic(room_of(event.type)) == place.topic
            and partition_of(event.stream, self.cluster.partitions) == place.partition
        ]  # fmt: skip

    def _throttle(self) -> None:
        """Poll nothing while a queue is full, yet stay in the group."""
        was, self._is_full = self._is_full, any(len(queue) > FULL for queue in self._topics)
        if self._is_full and not was:
            self._consumer.pause(self._partitions)
        elif was and not self._is_full:
            self._consumer.resume(p for p, partition in self._partitions.items() if not partition.is_owed)

    def _has_full(self, partition: Partition) -> bool:
        return any(len(cursor.queue) > FULL for cursor in partition.cursors)

    def _look_around(self) -> None:
        now = time.monotonic()
        if now - self._committed_at > COMMIT_EVERY_SECONDS:
            self._committed_at = now
            self._commit()
            self._forget()
            raise_watermarks(self.connection, {queue.consumer: topics for queue, topics in self._topics.items()})
        if now - self._looked_at > LOOK_FOR_HOLES_EVERY_SECONDS:
            self._looked_at = now
            self._look_for_holes()

    def _forget(self) -> None:
        """An erasure lies in one partition, and concerns what every member keeps in memory: so each reads the log."""
        last = self.log.last_position
        on_events({event.type for event in self.log.read_types(self._forgotten_up_to, last, CLEARING_CACHES)})
        self._forgotten_up_to = last

    def _commit(self) -> None:
        self._consumer.commit({p: o for p, found in self._partitions.items() if (o := found.acked()) is not None})

    def _look_for_holes(self) -> None:
        """What was relayed before now and is in no record any more: nothing that comes later would show it."""
        relayed = checkpoints.read(self.connection, RELAY)
        behind = {
            place: relayed[place].position
            for place, partition in self._partitions.items()
            if place in relayed and partition.position < relayed[place].position
        }
        for place in self._consumer.read_up(behind) if behind else ():
            self._partitions[place].owed_until = behind[place]
