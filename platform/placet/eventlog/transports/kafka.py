"""The only door to kafka-python: topics, a producer, a group's consumer. Its errors leave here as `KafkaUnavailable`.

Every default of the library that is wrong for us is set here and nowhere else; connections are made when first used,
never at import, and never before a fork.
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
LOOK_SECONDS: Final = 0.02
SESSION_MS: Final = 10_000
RETENTION_MS: Final = 7 * 24 * 3600 * 1000
TRUSTED: Final = ("security_protocol", "ssl_cafile", "ssl_certfile", "ssl_keyfile", "sasl_mechanism",
                  "sasl_plain_username", "sasl_plain_password")  # fmt: skip


class KafkaUnavailable(ConnectionError):
    """The broker did not answer, or an answer was lost. Nothing is decided meanwhile; it is tried again."""


class WrongPartitions(ValueError):
    """The topics have another number of partitions than is set. Set `PLACET_KAFKA_TOPIC_EPOCH` one higher."""


class Record(NamedTuple):
    """One record as sent."""

    place: EventSource
    key: str
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record as polled."""

    place: EventSource
    offset: int
    headers: Sequence[tuple[str, bytes]]


@dataclass(frozen=True)
class KafkaCluster:
    """Which brokers, how they are spoken to, and how our topics are named and cut."""

    servers: tuple[str, ...]
    prefix: str = "placet"
    topic_epoch: int = 1
    partitions: int = 6
    replication_factor: int = 1
    security: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_settings(cls) -> "KafkaCluster":
        """As the environment says."""
        return cls(
            tuple(settings.PLACET_KAFKA_BOOTSTRAP_SERVERS.split(",")),
            settings.PLACET_KAFKA_TOPIC_PREFIX,
            settings.PLACET_KAFKA_TOPIC_EPOCH,
            settings.PLACET_KAFKA_PARTITIONS,
            settings.PLACET_KAFKA_REPLICATION_FACTOR,
            {name: value for name, value in settings.KAFKA_SECURITY.items() if name in TRUSTED and value},
        )

    def topic(self, room: str) -> str:
        return topic_of(room, self.prefix, self.topic_epoch)

    def ensure_topics(self, topics: Iterable[str]) -> dict[str, str]:
        """Topic -> its id, made where it is missing. Raises `KafkaUnavailable`, `WrongPartitions`."""
        wanted = sorted(set(topics))
        with _told(), self._admin() as admin:
            described = _described(admin, wanted)
            for name in wanted:
                if name not in described:
                    self._make(admin, name)
            until = time.monotonic() + REQUEST_MS / 1000
            while missing := [name for name in wanted if name not in described]:
                if time.monotonic() > until:
                    raise KafkaUnavailable(f"{missing[0]} was made, and the brokers do not know it yet")
                time.sleep(LOOK_SECONDS)
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
        """The broker's own name of the cluster. Raises `KafkaUnavailable`."""
        with _told(), self._admin() as admin:
            return str(admin.describe_cluster()["cluster_id"])

    def producer(self) -> "Producer":
        return Producer(self)

    def consumer(self, group: str) -> "GroupConsumer":
        return GroupConsumer(self, f"{self.prefix}-{group}")

    @property
    def config(self) -> dict[str, Any]:
        """What every client of this cluster is given."""
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

    def _make(self, admin: KafkaAdminClient, name: str) -> None:
        shape = {
            "num_partitions": self.partitions,
            "replication_factor": self.replication_factor,
            "configs": {"retention.ms": str(RETENTION_MS)},
        }
        with suppress(TopicAlreadyExistsError):  # another process was quicker
            admin.create_topics({name: shape}, wait_for_metadata=True)


class Producer:
    """In order within a partition, each record once per producer, acknowledged by all replicas.

    After a failed `wait` nobody knows what arrived: close it and begin again from the checkpoint with a new one.
    """

    def __init__(self, cluster: KafkaCluster) -> None:
        with _told():
            self._producer = KafkaProducer(
                acks="all", enable_idempotence=True, allow_auto_create_topics=False, linger_ms=2, batch_size=262_144,
                delivery_timeout_ms=DELIVERY_MS, max_block_ms=DELIVERY_MS, metrics_enabled=False, **cluster.config,
            )  # fmt: skip

    def send(self, records: Iterable[Record]) -> list[Any]:
        """Hand over records; `wait` on what is returned. Raises `KafkaUnavailable`."""
        with _told():
            return [
                self._producer.send(place.topic, value, key=key.encode(), headers=headers, partition=place.partition)
                for place, key, value, headers in records
            ]

    def wait(self, sent: Iterable[Any]) -> list[int]:
        """Offsets of the records, once all are acknowledged. Raises `KafkaUnavailable`."""
        with _told():
            return [future.get(timeout=DELIVERY_MS / 1000).offset for future in sent]

    def close(self) -> None:
        with suppress(KafkaError):
            self._producer.close(timeout=1)


class GroupConsumer:
    """One member of a group. Partitions with one number go to one member, whatever their topic (range assignor)."""

    def __init__(self, cluster: KafkaCluster, group: str) -> None:
        with _told():
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
        """Called back within `poll`, in its thread."""
        self._consumer.subscribe(topics=sorted(topics), listener=_Listener(gained, lost))

    def poll(self, wait_seconds: float) -> list[RawRecord]:
        """What came. Raises `KafkaUnavailable`."""
        with _told():
            self._go_on_joining()
            try:
                found = self._consumer.poll(timeout_ms=int(wait_seconds * 1000))
            except OffsetOutOfRangeError:
                self._back_in_range()
                return []
        return [
            RawRecord(EventSource(tp.topic, tp.partition), record.offset, record.headers)
            for tp, records in found.items()
            for record in records
        ]

    def seek(self, place: EventSource, offset: int | None) -> None:
        """To an offset, or to the oldest record that is still there."""
        with _told():
            if offset is None:
                self._consumer.seek_to_beginning(_tp(place))
            else:
                self._consumer.seek(_tp(place), offset)

    def pause(self, places: Iterable[EventSource]) -> None:
        self._consumer.pause(*map(_tp, places))

    def resume(self, places: Iterable[EventSource]) -> None:
        self._consumer.resume(*map(_tp, places))

    def read_up(self, places: Collection[EventSource]) -> set[EventSource]:
        """Those of the places in which every record has been polled. Raises `KafkaUnavailable`."""
        with _told():
            ends = self._consumer.end_offsets([_tp(p) for p in places])
            return {p for p in places if (self._consumer.position(_tp(p)) or 0) >= ends[_tp(p)]}

    def commit(self, offsets: Mapping[EventSource, int]) -> None:
        """A hint for people and tools: where to go on is read from PostgreSQL. Raises `KafkaUnavailable`."""
        if offsets:
            with _told():
                self._consumer.commit({_tp(p): OffsetAndMetadata(offset, "", -1) for p, offset in offsets.items()})

    def close(self) -> None:
        with suppress(KafkaError):
            self._consumer.close(timeout_ms=1_000)

    def _go_on_joining(self) -> None:
        """Have the library take up again what its group was agreeing on when the last `poll` ended.

        kafka-python 3.0 forgets it where new metadata was the reason to agree: the member keeps the partitions that it
        had, often none, and its heartbeat stays switched off.
        """
        coordinator = self._consumer._coordinator  # noqa: SLF001  a test tells when the library mends it
        if coordinator._join_task is not None:  # noqa: SLF001
            coordinator.request_rejoin()

    def _back_in_range(self) -> None:
        """Retention has overtaken us: go on at what is left. What is gone is read from PostgreSQL."""
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
    """Those that the brokers know: one that was made a moment ago has an error for an answer, and no partitions."""
    return {topic["name"]: topic for topic in admin.describe_topics(topics) if not topic["error_code"]}


def _tp(place: EventSource) -> TopicPartition:
    return TopicPartition(place.topic, place.partition)


@contextmanager
def _told() -> Iterator[None]:
    """Whatever the library raises, told as `KafkaUnavailable`."""
    try:
        yield
    except KafkaError as error:
        raise KafkaUnavailable(
            f"Kafka did not answer as it should ({type(error).__name__}). See `placet status`."
        ) from error
