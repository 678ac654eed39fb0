"""Kafka transport: one member of a consumer group for each process, with any number of handlers.

A record only wakes and names a position; the event is read from the log in PostgreSQL. Where the topic has a hole
(retention, another topic of the same name, a broker that lost acknowledged records), the range is read from the log.
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
MAX_QUEUED: Final = 4_000
"""Items in one queue above which polling pauses."""
PAGE: Final = 2_000
POLL_SECONDS: Final = 0.25
COMMIT_EVERY_SECONDS: Final = 1.0
CHECK_HOLES_EVERY_SECONDS: Final = 5.0
RELAY: Final = "relay"


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
        """Start to poll; retry while the broker is unavailable."""
        self._thread.start()

    def stop(self) -> None:
        """Wake all consumers and leave the group: the others need not wait for the session to end."""
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
    """One group membership, from joining to leaving or the first lost connection."""

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
        self._checked_holes_at = self._committed_at = 0.0
        self._caches_cleared_up_to = self.log.last_position
        on_events(CLEARING_CACHES)  # no member saw the events between two memberships

    def run(self, stopping: threading.Event) -> None:
        """Poll until stopped. Raises `KafkaUnavailable` and psycopg's errors."""
        topics = set().union(*self._topics.values())
        self._ids = self.cluster.ensure_topics(topics)
        self._consumer = self.cluster.consumer(self.role)
        try:
            self._consumer.subscribe(topics, self._gained, self._lost)
            while not stopping.is_set():
                self._queue_records(self._consumer.poll(POLL_SECONDS))
                self._backfill()
                self._throttle()
                self._run_periodic()
            self._commit()
        finally:
            self._lost(set(self._partitions))
            self._consumer.close()

    def _gained(self, sources: set[EventSource]) -> None:
        """Resume from the checkpoints, at the first record that a consumer here has not processed."""
        found = {queue: checkpoints.read(self.connection, queue.consumer) for queue in self._topics}
        for source in sorted(sources - set(self._partitions)):
            topic_id = self._ids[source.topic]
            cursors = [
                Cursor.at(queue, source, topic_id, found[queue])
                for queue, topics in self._topics.items()
                if source.topic in topics
            ]
            self._partitions[source] = partition = Partition(source, topic_id, cursors)
            self._consumer.seek(source, partition.resume_at)
        self._checked_holes_at = 0.0
        logger.info("%s has %d partitions", self.role, len(self._partitions))

    def _lost(self, sources: set[EventSource]) -> None:
        for queue in self._topics:
            queue.drop(sources)
        for source in sources:
            self._partitions.pop(source, None)

    def _queue_records(self, records: list[RawRecord]) -> None:
        """Queue the events that the records name; at a hole, seek back to its edge and backfill first."""
        named = [(record, parse_headers(record.headers)) for record in records]
        events = self.log.read_at(n.position for _, n in named if n)
        halted: set[EventSource] = set()
        for record, name in named:
            partition = self._partitions.get(record.source)
            if partition is None or record.source in halted:
                continue
            event = events.get(name.position) if name else None
            if name is None or event is None or event.event_id != name.event_id:
                logger.warning("a record on %s names no event of this log; skipped", record.source.topic)
            elif partition.position < name.before:
                partition.backfill_until = name.before
                self._consumer.seek(record.source, record.offset)
                halted.add(record.source)
            else:
                partition.take(event, record.offset)
        self._consumer.pause(halted)

    def _backfill(self) -> None:
        """Read missing ranges from the log while the queues have room."""
        for partition in [p for p in self._partitions.values() if p.needs_backfill]:
            logger.info("%s: reading a range of %s from the log", self.role, partition.source.topic)
            while partition.needs_backfill and not self._has_full(partition):
                page = self.log.read_from(partition.position, PAGE)
                reached = page[-1].position if page else partition.backfill_until
                partition.fill(self._in_partition(partition.source, page), min(reached, partition.backfill_until))
            if not partition.needs_backfill:
                self._consumer.resume([partition.source])

    def _in_partition(self, source: EventSource, page: Iterable[RecordedEvent]) -> list[RecordedEvent]:
        return [
            event for event in page
            if self.cluster.topic(room_of(event.type)) == source.topic
            and partition_of(event.stream, self.cluster.partitions) == source.partition
        ]  # fmt: skip

    def _throttle(self) -> None:
        """Pause polling while a queue is full, but stay in the group."""
        was_full, self._is_full = self._is_full, any(len(queue) > MAX_QUEUED for queue in self._topics)
        if self._is_full and not was_full:
            self._consumer.pause(self._partitions)
        elif was_full and not self._is_full:
            self._consumer.resume(p for p, partition in self._partitions.items() if not partition.needs_backfill)

    def _has_full(self, partition: Partition) -> bool:
        return any(len(cursor.queue) > MAX_QUEUED for cursor in partition.cursors)

    def _run_periodic(self) -> None:
        now = time.monotonic()
        if now - self._committed_at > COMMIT_EVERY_SECONDS:
            self._committed_at = now
            self._commit()
            self._clear_caches()
            raise_watermarks(self.connection, {queue.consumer: topics for queue, topics in self._topics.items()})
        if now - self._checked_holes_at > CHECK_HOLES_EVERY_SECONDS:
            self._checked_holes_at = now
            self._check_holes()

    def _clear_caches(self) -> None:
        """An erasure is in one partition but concerns the caches of every member: so each reads the log."""
        last = self.log.last_position
        on_events({event.type for event in self.log.read_types(self._caches_cleared_up_to, last, CLEARING_CACHES)})
        self._caches_cleared_up_to = last

    def _commit(self) -> None:
        self._consumer.commit({p: o for p, found in self._partitions.items() if (o := found.acked()) is not None})

    def _check_holes(self) -> None:
        """Find relayed events whose records are gone, if no later record shows the hole."""
        relayed = checkpoints.read(self.connection, RELAY)
        behind = {
            source: relayed[source].position
            for source, partition in self._partitions.items()
            if source in relayed and partition.position < relayed[source].position
        }
        for source in self._consumer.fully_polled(behind) if behind else ():
            self._partitions[source].backfill_until = behind[source]
