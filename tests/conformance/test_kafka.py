"""Faults of Kafka: outages, retention, repeats, wrong order, foreign records."""

import signal
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from kafka import KafkaAdminClient, TopicPartition

from placet.devtools.benchmarks.eventlog.entry import EntryNoted as OfNewerRelease
from placet.eventlog.consumers import checkpoints
from placet.eventlog.consumers.checkpoints import THE_LOG, EventSource
from placet.eventlog.transports.cloudevents import headers_of, partition_of
from placet.eventlog.transports.kafka import KafkaCluster, Record, WrongPartitions
from placet.eventlog.transports.relay import NAME as RELAY
from placet.operations.doctor import checks
from placet.runtime.kafka.running import RunningBroker
from tests.conformance.consumer import NAME
from tests.conformance.world import World

ROOMS, PROCESSES, TIMES = 12, 6, 6
pytestmark = [pytest.mark.processes, pytest.mark.kafka, pytest.mark.promise("P6")]


def admin(world: World) -> KafkaAdminClient:
    return KafkaAdminClient(bootstrap_servers=[world.brokers])


def test_records_lost_to_retention_are_read_from_the_log(on_kafka: World) -> None:
    on_kafka.start_transport()
    member = on_kafka.start("member")
    on_kafka.note(20, 3)
    on_kafka.wait_until_answered()
    on_kafka.kill(member, signal.SIGTERM)
    on_kafka.note(20, 5)
    on_kafka.wait(on_kafka.is_relayed)
    _delete_all_records(on_kafka)
    on_kafka.note(4, 1)
    on_kafka.start("member")
    on_kafka.wait_until_answered()
    on_kafka.assert_complete()


def test_a_hole_without_a_later_record_is_read_from_the_log(on_kafka: World) -> None:
    on_kafka.start_transport()
    on_kafka.note(20, 5)
    on_kafka.wait(on_kafka.is_relayed)
    _delete_all_records(on_kafka)
    on_kafka.start("member")
    on_kafka.wait_until_answered()
    on_kafka.assert_complete()


def _delete_all_records(world: World) -> None:
    client = admin(world)
    client.delete_records({TopicPartition(world.topic, n): -1 for n in range(world.cluster.partitions)})
    client.close()


def test_a_broker_killed_while_records_are_sent_loses_nothing(on_kafka: World, broker: RunningBroker) -> None:
    on_kafka.start_transport()
    on_kafka.start("member")
    on_kafka.note(20, 10)
    broker.kill()
    on_kafka.note(20, 10)
    broker.start()
    on_kafka.note(20, 5)
    on_kafka.wait_until_answered()
    on_kafka.assert_complete()


def test_without_the_broker_nothing_is_processed_and_afterwards_everything(
    on_kafka: World, broker: RunningBroker
) -> None:
    on_kafka.start_transport()
    on_kafka.start("member")
    on_kafka.note(10, 2)
    on_kafka.wait_until_answered()
    broker.kill()
    try:
        on_kafka.note(10, 3)
        time.sleep(8)
        assert on_kafka.answered() == 20, "a member needs a record to wake, and there is none"
    finally:
        broker.start()
    on_kafka.wait_until_answered()
    on_kafka.assert_complete()


def test_repeated_and_reordered_records_are_answered_once_in_order(on_kafka: World) -> None:
    """No relay: the records are sent by hand, newest first and each of them twice."""
    on_kafka.start("sequencer")
    on_kafka.note(5, 6)
    on_kafka.wait(lambda: not on_kafka.count("SELECT count(*) FROM eventlog_event_pending"))
    on_kafka.cluster.ensure_topics([on_kafka.topic])
    producer = on_kafka.cluster.producer()
    last: dict[EventSource, int] = {}
    records = []
    for event in on_kafka.log.read_for_relay(0, 1000):
        source = EventSource(on_kafka.topic, partition_of(event.stream, on_kafka.cluster.partitions))
        records.append(Record(source, event.stream, event.data, headers_of(event, last.get(source, 0), b"/test")))
        last[source] = event.position
    producer.wait(producer.send([*reversed(records), *records]))
    producer.close()
    on_kafka.start("member")
    on_kafka.wait_until_answered()
    on_kafka.assert_complete()


def test_a_foreign_record_wakes_no_consumer(on_kafka: World) -> None:
    on_kafka.start_transport()
    on_kafka.start("member")
    on_kafka.note(5, 2)
    on_kafka.wait_until_answered()
    event = on_kafka.log.read_for_relay(0, 1)[0]
    forged = [("ce_id", b"00000000-0000-4000-8000-000000000000") if n == "ce_id" else (n, v)
              for n, v in headers_of(event, 0, b"/test")]  # fmt: skip
    beyond = [("ce_position", b"999999") if n == "ce_position" else (n, v) for n, v in headers_of(event, 0, b"/test")]
    producer = on_kafka.cluster.producer()
    sources = [EventSource(on_kafka.topic, n) for n in range(on_kafka.cluster.partitions)]
    hostile = [([], b"{"), (forged, b'{"text":"forged"}'), (beyond, b"\0" * 100_000), ([("ce_position", b"x")], b"")]
    producer.wait(producer.send(Record(p, "account-x", value, headers) for headers, value in hostile for p in sources))
    producer.close()
    on_kafka.note(5, 2)
    on_kafka.wait_until_answered()
    on_kafka.assert_complete()


def test_topics_recreated_under_the_same_name_lose_nothing(on_kafka: World, broker: RunningBroker) -> None:
    relay = on_kafka.start_transport()
    member = on_kafka.start("member")
    on_kafka.note(10, 3)
    on_kafka.wait_until_answered()
    on_kafka.note(10, 3)
    on_kafka.kill(member)
    assert relay is not None
    on_kafka.wait(on_kafka.is_relayed)
    on_kafka.kill(relay)
    client = admin(on_kafka)
    client.delete_topics([on_kafka.topic])
    client.close()
    time.sleep(1)
    on_kafka.start("relay")
    on_kafka.start("member")
    on_kafka.wait_until_answered()
    on_kafka.note(10, 1)
    on_kafka.wait_until_answered()
    on_kafka.assert_complete()


def test_a_log_older_than_its_topics_loses_nothing_more(on_kafka: World, own_home: Path, tmp_path: Path) -> None:
    """The backup is taken during a running relay, with events in flight."""
    assert own_home.is_dir()
    on_kafka.start_transport()
    on_kafka.start("member")
    on_kafka.note(10, 2)
    on_kafka.wait_until_answered()
    on_kafka.note(10, 2)
    call_command("backup", str(tmp_path / "backup"), "--json")
    on_kafka.note(10, 3)
    on_kafka.wait_until_answered()
    on_kafka.wait(on_kafka.is_relayed)
    lost = on_kafka.noted
    on_kafka.leave()
    on_kafka.connection.close()
    connections.close_all()
    call_command("restore", str(tmp_path / "backup"), "--replace", "--json")
    with psycopg.connect(on_kafka.dsn, autocommit=True) as on_kafka.connection:
        assert on_kafka.noted < lost, "events after the backup are lost"
        on_kafka.start_transport()
        on_kafka.start("member")
        on_kafka.note(10, 5)
        on_kafka.wait_until_answered()
        on_kafka.assert_complete()


def test_processes_that_create_topics_at_once_all_find_them(on_kafka: World) -> None:
    """The second one hears that a topic exists before the brokers can describe it: by chance, so several times."""
    for once in range(TIMES):
        cluster = KafkaCluster((on_kafka.brokers,), f"{on_kafka.prefix}-{once}", 1, 6)
        wanted = [cluster.topic(f"room{number}") for number in range(ROOMS)]
        with ThreadPoolExecutor(PROCESSES) as parts:
            found = list(parts.map(lambda _, of=cluster, all_=wanted: of.ensure_topics(all_), range(PROCESSES)))
        assert len(set(found[0].values())) == ROOMS
        assert all(ids == found[0] for ids in found)


def test_the_doctor_names_the_cluster(on_kafka: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLACET_TRANSPORT", "kafka")
    monkeypatch.setenv("PLACET_KAFKA_BOOTSTRAP_SERVERS", on_kafka.brokers)
    assert checks.kafka(tmp_path).message == f"cluster {on_kafka.cluster.cluster_id()} answers at {on_kafka.brokers}"


def test_events_of_a_room_of_a_newer_release_are_relayed(on_kafka: World) -> None:
    on_kafka.start_transport()
    on_kafka.start("member")
    on_kafka.note(3, 2)
    stream = on_kafka.log.append(f"bench-{uuid.uuid4()}", [OfNewerRelease("x")], expected=0).stream
    on_kafka.note(3, 2)
    on_kafka.wait_until_answered()
    on_kafka.wait(on_kafka.is_relayed)
    (newer,) = (one for one in on_kafka.log.read_from(0, 1_000) if one.stream == stream)
    its_topic = on_kafka.cluster.topic("bench")
    progress = checkpoints.read(on_kafka.connection, RELAY)
    reached = {at.position for source, at in progress.items() if source.topic == its_topic}
    assert newer.position in reached


def test_another_number_of_partitions_needs_a_new_topic_epoch(on_kafka: World) -> None:
    relay = on_kafka.start_transport()
    member = on_kafka.start("member")
    on_kafka.note(10, 3)
    on_kafka.wait_until_answered()
    for process in (relay, member):
        assert process is not None
        on_kafka.kill(process, signal.SIGTERM)
    with pytest.raises(WrongPartitions, match="PLACET_KAFKA_TOPIC_EPOCH=2"):
        KafkaCluster((on_kafka.brokers,), on_kafka.prefix, 1, 7).ensure_topics([on_kafka.topic])
    on_kafka.note(10, 3)
    on_kafka.settings |= {"PLACET_KAFKA_TOPIC_EPOCH": "2", "PLACET_KAFKA_PARTITIONS": "7"}
    on_kafka.start("relay")
    on_kafka.start("member")
    on_kafka.wait_until_answered()
    on_kafka.assert_complete()


def test_events_on_topics_of_a_former_epoch_are_answered(on_kafka: World) -> None:
    """The new topics have no record of them, and no later one shows the hole."""
    relay = on_kafka.start_transport()
    assert relay is not None
    on_kafka.note(10, 3)
    on_kafka.wait(lambda: _relayed(on_kafka) >= on_kafka.noted)
    on_kafka.kill(relay, signal.SIGTERM)
    on_kafka.settings |= {"PLACET_KAFKA_TOPIC_EPOCH": "2", "PLACET_KAFKA_PARTITIONS": "7"}
    on_kafka.start("relay")
    on_kafka.start("member")
    on_kafka.wait_until_answered()
    on_kafka.wait(lambda: _low_watermark(on_kafka) == _relayed(on_kafka))
    on_kafka.assert_complete()


def test_from_embedded_to_kafka_and_back_on_one_log(on_kafka: World) -> None:
    sequencer = on_kafka.start("sequencer")
    for transport in ("embedded", "kafka", "embedded", "kafka"):
        on_kafka.transport = transport
        parts = [on_kafka.start("member"), *([on_kafka.start("relay")] if transport == "kafka" else [])]
        on_kafka.note(10, 3)
        on_kafka.wait_until_answered()
        on_kafka.wait(lambda: _low_watermark(on_kafka) > 0)
        for part in parts:
            on_kafka.kill(part, signal.SIGTERM)
    assert sequencer.poll() is None
    on_kafka.assert_complete()


def _relayed(world: World) -> int:
    return checkpoints.read(world.connection, "relay")[THE_LOG].position


def _low_watermark(world: World) -> int:
    return checkpoints.read(world.connection, NAME)[THE_LOG].position


@pytest.mark.parametrize("group", ["first", "second"])  # the first of a broker waits long enough to know the topics
def test_a_member_with_short_polls_gets_its_partitions(on_kafka: World, group: str) -> None:
    """kafka-python drops a rebalance caused by new metadata if a poll ends during it."""
    on_kafka.cluster.ensure_topics([on_kafka.topic])
    assigned: set[EventSource] = set()
    consumer = on_kafka.cluster.consumer(group)

    def gained(sources: set[EventSource]) -> None:
        assigned.update(sources)
        for source in sources:
            consumer.seek(source, None)

    consumer.subscribe([on_kafka.topic], gained, assigned.difference_update)
    until = time.monotonic() + 120
    while not assigned and time.monotonic() < until:
        consumer.poll(0.001)
    assert len(assigned) == on_kafka.cluster.partitions
    consumer.close()


def test_two_members_share_the_work(on_kafka: World) -> None:
    on_kafka.start_transport()
    first = on_kafka.start("member")
    on_kafka.note(20, 2)
    on_kafka.wait_until_answered()
    second = on_kafka.start("member")
    on_kafka.wait(lambda: len(_members(on_kafka)) == 2 and all(_members(on_kafka).values()))
    on_kafka.note(20, 5)
    on_kafka.wait_until_answered()
    assert sorted(_members(on_kafka).values()) == [2, 2], "four partitions, two members"
    assert first.poll() is None
    assert second.poll() is None
    on_kafka.assert_complete()


def _members(world: World) -> dict[str, int]:
    """Member -> number of its partitions; empty during a rebalance."""
    client = admin(world)
    group = client.describe_groups([f"{world.prefix}-ledger"])[f"{world.prefix}-ledger"]
    client.close()
    if group["group_state"] != "Stable":
        return {}
    return {m["member_id"]: sum(map(_count, m["member_assignment"]["assigned_partitions"])) for m in group["members"]}


def _count(assigned: Mapping[str, Any]) -> int:
    return len(assigned["partitions"])
