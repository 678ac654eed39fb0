"""The only user of kafka-python: topics, producer, group consumer. The library's errors become `KafkaUnavailable`.

All defaults of the library that are wrong for us are overridden here. Connections open on first use, never at import
and never before a fork.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from django.conf import settings
from kafka import ConsumerRebalanceListener, KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaError, OffsetOutOfRangeError, TopicAlreadyExistsError
from kafka.structs import OffsetAndMetadata

from placet.eventlog.consumers.checkpoints import EventSource
from placet.eventlog.transports.cloudevents import Headers, topic_of

FIRST_CONTACT_MS: Final = 5_000
REQUEST_MS: Final = 10_000
DELIVERY_MS: Final = 20_000
POLL_SECONDS: Final = 0.02
SESSION_MS: Final = 10_000
RETENTION_MS: Final = 7 * 24 * 3600 * 1000
SECURITY_OPTIONS: Final = ("security_protocol", "ssl_cafile", "ssl_certfile", "ssl_keyfile", "sasl_mechanism",
                  "sasl_plain_username", "sasl_plain_password")  # fmt: skip


class KafkaUnavailable(ConnectionError):
    """The broker did not answer, or its answer was lost. Nothing is processed until a retry succeeds."""


class WrongPartitions(ValueError):
    """The topics have another number of partitions than the setting. Set `PLACET_KAFKA_TOPIC_EPOCH` one higher."""


class Record(NamedTuple):
    """One record as sent."""

    source: EventSource
    key: str
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record as polled."""

    source: EventSource
    offset: int
    headers: Sequence[tuple[str, bytes]]


@dataclass(frozen=True)
class KafkaCluster:
    """Brokers, security settings, topic names and partitions."""

    servers: tuple[str, ...]
    prefix: str = "placet"
    topic_epoch: int = 1
    partitions: int = 6
    replication_factor: int = 1
    security: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_settings(cls) -> "KafkaCluster":
        """From the settings."""
        return cls(
            tuple(settings.PLACET_KAFKA_BOOTSTRAP_SERVERS.split(",")),
            settings.PLACET_KAFKA_TOPIC_PREFIX,
            settings.PLACET_KAFKA_TOPIC_EPOCH,
            settings.PLACET_KAFKA_PARTITIONS,
            settings.PLACET_KAFKA_REPLICATION_FACTOR,
            {name: value for name, value in settings.KAFKA_SECURITY.items() if name in SECURITY_OPTIONS and value},
        )

    def topic(self, room: str) -> str:
        return topic_of(room, self.prefix, self.topic_epoch)

    def ensure_topics(self, topics: Iterable[str]) -> dict[str, str]:
        """Create missing topics. Returns topic -> id. Raises `KafkaUnavailable`, `WrongPartitions`."""
        wanted = sorted(set(topics))
        with _kafka_errors(), self._admin() as admin:
            described = _described(admin, wanted)
            for name in wanted:
                if name not in described:
                    self._create(admin, name)
            until = time.monotonic() + REQUEST_MS / 1000
            while missing := [name for name in wanted if name not in described]:
                if time.monotonic() > until:
                    raise KafkaUnavailable(f"{missing[0]} was created, but the brokers do not know it yet")
                time.sleep(POLL_SECONDS)
                described |= _described(admin, missing)
        for name in wanted:
            count = len(described[name]["partitions"])
            if count != self.partitions:
                raise WrongPartitions(
                    f"{name} has {count} partitions, PLACET_KAFKA_PARTITIONS says {self.partitions}."
                    f" A stream must never change its partition: set PLACET_KAFKA_TOPIC_EPOCH={self.topic_epoch + 1}."
                )
        return {name: str(described[name]["topic_id"]) for name in wanted}

    def cluster_id(self) -> str:
        """The cluster id. Raises `KafkaUnavailable`."""
        with _kafka_errors(), self._admin() as admin:
            return str(admin.describe_cluster()["cluster_id"])

    def producer(self) -> "Producer":
        return Producer(self)

    def consumer(self, group: str) -> "GroupConsumer":
        return GroupConsumer(self, f"{self.prefix}-{group}")

    @property
    def config(self) -> dict[str, Any]:
        """Configuration of every client of this cluster."""
        return {
            "bootstrap_servers": list(self.servers),
            "bootstrap_timeout_ms": FIRST_CONTACT_MS,
            "request_timeout_ms": REQUEST_MS,
            "reconnect_backoff_max_ms": 1_000,
            **self.security,
        }

    @contextmanager
    def _admin(self) -> Iterator[KafkaAdminClient]:
        admin = KafkaAdminClient(**self.config)
        try:
            yield admin
        finally:
            admin.close()

    def _create(self, admin: KafkaAdminClient, name: str) -> None:
        options = {
            "num_partitions": self.partitions,
            "replication_factor": self.replication_factor,
            "configs": {"retention.ms": str(RETENTION_MS)},
        }
        with suppress(TopicAlreadyExistsError):  # another process was first
            admin.create_topics({name: options}, wait_for_metadata=True)


class Producer:
    """In order within a partition, each record once per producer, acknowledged by all replicas.

    After a failed `wait` it is unknown what arrived: close it and restart from the checkpoint with a new one.
    """

    def __init__(self, cluster: KafkaCluster) -> None:
        with _kafka_errors():
            self._producer = KafkaProducer(
                acks="all", enable_idempotence=True, allow_auto_create_topics=False, linger_ms=2, batch_size=262_144,
                delivery_timeout_ms=DELIVERY_MS, max_block_ms=DELIVERY_MS, metrics_enabled=False, **cluster.config,
            )  # fmt: skip

    def send(self, records: Iterable[Record]) -> list[Any]:
        """Send records; pass the result to `wait`. Raises `KafkaUnavailable`."""
        with _kafka_errors():
            return [
                self._producer.send(source.topic, value, key=key.encode(), headers=headers, partition=source.partition)
                for source, key, value, headers in records
            ]

    def wait(self, sent: Iterable[Any]) -> list[int]:
        """Offsets of the records, once all are acknowledged. Raises `KafkaUnavailable`."""
        with _kafka_errors():
            return [future.get(timeout=DELIVERY_MS / 1000).offset for future in sent]

    def close(self) -> None:
        with suppress(KafkaError):
            self._producer.close(timeout=1)


class GroupConsumer:
    """One member of a group. Equal partition numbers of all topics go to one member (range assignor)."""

    def __init__(self, cluster: KafkaCluster, group: str) -> None:
        with _kafka_errors():
            self._consumer = KafkaConsumer(
                group_id=group, enable_auto_commit=False, auto_offset_reset="none", isolation_level="read_committed",
                allow_auto_create_topics=False, partition_assignment_strategy=[RangePartitionAssignor],
                session_timeout_ms=SESSION_MS, heartbeat_interval_ms=SESSION_MS // 4, max_poll_records=1_000,
                metrics_enabled=False, **cluster.config,
            )  # fmt: skip

    def subscribe(
        self,
        topics: Collection[str],
        gained: Callable[[set[EventSource]], None],
        lost: Callable[[set[EventSource]], None],
    ) -> None:
        """Subscribe; the callbacks run within `poll`, in its thread."""
        self._consumer.subscribe(topics=sorted(topics), listener=_Listener(gained, lost))

    def poll(self, wait_seconds: float) -> list[RawRecord]:
        """Returns new records. Raises `KafkaUnavailable`."""
        with _kafka_errors():
            self._continue_rebalance()
            try:
                found = self._consumer.poll(timeout_ms=int(wait_seconds * 1000))
            except OffsetOutOfRangeError:
                self._seek_into_range()
                return []
        return [
            RawRecord(EventSource(tp.topic, tp.partition), record.offset, record.headers)
            for tp, records in found.items()
            for record in records
        ]

    def seek(self, source: EventSource, offset: int | None) -> None:
        """Seek to an offset, or to the oldest record left."""
        with _kafka_errors():
            if offset is None:
                self._consumer.seek_to_beginning(_tp(source))
            else:
                self._consumer.seek(_tp(source), offset)

    def pause(self, sources: Iterable[EventSource]) -> None:
        self._consumer.pause(*map(_tp, sources))

    def resume(self, sources: Iterable[EventSource]) -> None:
        self._consumer.resume(*map(_tp, sources))

    def fully_polled(self, sources: Collection[EventSource]) -> set[EventSource]:
        """The sources of which every record has been polled. Raises `KafkaUnavailable`."""
        with _kafka_errors():
            ends = self._consumer.end_offsets([_tp(s) for s in sources])
            return {s for s in sources if (self._consumer.position(_tp(s)) or 0) >= ends[_tp(s)]}

    def commit(self, offsets: Mapping[EventSource, int]) -> None:
        """Commit offsets, a hint for people and tools: PostgreSQL has the checkpoints. Raises `KafkaUnavailable`."""
        if offsets:
            with _kafka_errors():
                self._consumer.commit({_tp(p): OffsetAndMetadata(offset, "", -1) for p, offset in offsets.items()})

    def close(self) -> None:
        with suppress(KafkaError):
            self._consumer.close(timeout_ms=1_000)

    def _continue_rebalance(self) -> None:
        """Continue a rebalance that was in progress when the last `poll` ended.

        kafka-python 3.0 drops it if new metadata was its reason: the member keeps its old partitions, often none, and
        its heartbeat stays off.
        """
        coordinator = self._consumer._coordinator  # noqa: SLF001  a test shows when the library fixes it
        if coordinator._join_task is not None:  # noqa: SLF001
            coordinator.request_rejoin()

    def _seek_into_range(self) -> None:
        """Retention deleted records: continue at the oldest left. Lost ones are read from PostgreSQL."""
        first = self._consumer.beginning_offsets(list(self._consumer.assignment()))
        for tp, offset in first.items():
            if (self._consumer.position(tp) or 0) < offset:
                self._consumer.seek(tp, offset)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    def __init__(self, gained: Callable[[set[EventSource]], None], lost: Callable[[set[EventSource]], None]) -> None:
        self._gained, self._lost = gained, lost

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._gained({EventSource(tp.topic, tp.partition) for tp in assigned})

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._lost({EventSource(tp.topic, tp.partition) for tp in revoked})


def _described(admin: KafkaAdminClient, topics: list[str]) -> dict[str, Any]:
    """The topics that the brokers know. A topic created a moment ago has an error and no partitions."""
    return {topic["name"]: topic for topic in admin.describe_topics(topics) if not topic["error_code"]}


def _tp(source: EventSource) -> TopicPartition:
    return TopicPartition(source.topic, source.partition)


@contextmanager
def _kafka_errors() -> Iterator[None]:
    """Raise the library's errors as `KafkaUnavailable`."""
    try:
        yield
    except KafkaError as error:
        raise KafkaUnavailable(
            f"Kafka did not answer as it should ({type(error).__name__}). See `placet status`."
        ) from error
