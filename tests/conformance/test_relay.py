"""The relay: it dies, sleeps, has a rival, and has more pages than it may have in flight."""

import signal
import threading
from typing import Any

import pytest
from kafka import KafkaConsumer

from placet.eventlog.store.connect import connect
from placet.eventlog.transports import relay
from placet.eventlog.transports.kafka import KafkaUnavailable
from placet.eventlog.transports.relay import Relay
from tests.conformance.world import World

STREAMS, EACH, PAGE = 20, 50, 40
FAILS_AT = 5
pytestmark = [pytest.mark.processes, pytest.mark.kafka, pytest.mark.promise("P6")]


@pytest.mark.parametrize("point", ["relay.sent:1", "relay.sent:3", "relay.advanced:2"])
def test_a_relay_killed_before_its_checkpoint_repeats_without_effect(on_kafka: World, point: str) -> None:
    on_kafka.start("sequencer")
    doomed = on_kafka.start("relay", PLACET_FAILPOINTS=point)
    on_kafka.start("member")

    def is_dead_after_more_entries() -> bool:
        on_kafka.note(20, 1)
        return doomed.poll() is not None

    on_kafka.wait(is_dead_after_more_entries)
    assert doomed.returncode == -signal.SIGKILL
    on_kafka.start("relay")
    on_kafka.note(20, 2)
    on_kafka.wait_until_answered()
    on_kafka.assert_complete()


def test_a_second_relay_takes_over_when_the_leader_dies(on_kafka: World) -> None:
    on_kafka.start("sequencer")
    first = on_kafka.start("relay")
    on_kafka.start("member")
    on_kafka.note(10, 2)
    on_kafka.wait_until_answered()
    on_kafka.start("relay")
    on_kafka.note(10, 2)
    on_kafka.kill(first)
    on_kafka.note(10, 2)
    on_kafka.wait_until_answered()
    on_kafka.assert_complete()


def test_a_relay_that_slept_past_its_lease_repeats_at_most(on_kafka: World) -> None:
    on_kafka.start("sequencer")
    sleeper = on_kafka.start("relay")
    on_kafka.start("member")
    on_kafka.note(10, 2)
    on_kafka.wait_until_answered()
    sleeper.send_signal(signal.SIGSTOP)
    on_kafka.start("relay")
    on_kafka.note(10, 3)
    on_kafka.wait_until_answered()
    sleeper.send_signal(signal.SIGCONT)
    on_kafka.note(10, 3)
    on_kafka.wait_until_answered()
    on_kafka.assert_complete()


def relayed_positions(world: World) -> dict[int, list[int]]:
    """Partition -> the positions of its records, in the order of their offsets."""
    found: dict[int, list[int]] = {}
    with_all = {"auto_offset_reset": "earliest", "enable_auto_commit": False, "consumer_timeout_ms": 3_000}
    consumer: Any = KafkaConsumer(world.topic, bootstrap_servers=[world.brokers], **with_all)
    for record in consumer:
        headers = dict(record.headers)
        found.setdefault(record.partition, []).append(int(headers["ce_position"]))
    consumer.close()
    return found


def test_many_pages_are_relayed_in_order_and_repeated_from_the_checkpoint(
    on_kafka: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relay fails with pages in flight: those beyond the checkpoint are sent again, none is left out."""
    passed: list[str] = []

    def fails_once(name: str) -> None:
        passed.append(name)
        if passed.count("relay.advanced") == FAILS_AT and name == "relay.advanced":
            raise KafkaUnavailable("as if the broker had not answered")

    monkeypatch.setattr(relay, "PAGE", PAGE)
    monkeypatch.setattr(relay, "failpoint", fails_once)
    on_kafka.start("sequencer")
    on_kafka.note(STREAMS, EACH)
    on_kafka.wait(lambda: not on_kafka.count("SELECT count(*) FROM eventlog_event_pending"))
    stop = threading.Event()
    relaying = threading.Thread(target=Relay(connect, on_kafka.cluster).run, args=(stop,))
    relaying.start()
    try:
        on_kafka.wait(on_kafka.is_relayed)
    finally:
        stop.set()
        relaying.join(20)
    found = relayed_positions(on_kafka)
    assert {one for positions in found.values() for one in positions} == set(range(1, STREAMS * EACH + 1))
    for positions in found.values():
        first_time = list(dict.fromkeys(positions))
        assert first_time == sorted(first_time)
    twice = sum(map(len, found.values())) - STREAMS * EACH
    assert 0 < twice <= relay.MAX_IN_FLIGHT * PAGE
