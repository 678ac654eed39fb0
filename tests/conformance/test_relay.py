"""The relay itself: it dies, sleeps, has a rival, and has more before it than it has under way at once."""

import signal
import threading
import time
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
def test_a_relay_killed_between_sending_and_noting_it_repeats_and_nothing_happens_twice(
    on_kafka: World, point: str
) -> None:
    on_kafka.start("sequencer")
    doomed = on_kafka.start("relay", PLACET_FAILPOINTS=point)
    on_kafka.start("member")
    while doomed.poll() is None:
        on_kafka.note(20, 1)
        time.sleep(0.1)
    assert doomed.returncode == -signal.SIGKILL
    on_kafka.start("relay")
    on_kafka.note(20, 2)
    on_kafka.wait_until_answered()
    on_kafka.is_whole()


def test_two_relays_one_leads_and_when_it_dies_the_other_takes_over(on_kafka: World) -> None:
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
    on_kafka.is_whole()


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
    on_kafka.is_whole()


def positions_carried(world: World) -> dict[int, list[int]]:
    """Partition -> the positions of its records, in the order of their offsets."""
    found: dict[int, list[int]] = {}
    with_all = {"auto_offset_reset": "earliest", "enable_auto_commit": False, "consumer_timeout_ms": 3_000}
    consumer: Any = KafkaConsumer(world.topic, bootstrap_servers=[world.brokers], **with_all)
    for record in consumer:
        headers = dict(record.headers)
        found.setdefault(record.partition, []).append(int(headers["ce_position"]))
    consumer.close()
    return found


def test_many_pages_are_carried_in_order_and_again_from_the_last_that_was_noted(
    on_kafka: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relay fails with pages under way: what was not noted is sent once more, and nothing is left out."""
    noted: list[str] = []

    def fails_once(name: str) -> None:
        noted.append(name)
        if noted.count("relay.advanced") == FAILS_AT and name == "relay.advanced":
            raise KafkaUnavailable("as if the broker had not answered")

    monkeypatch.setattr(relay, "PAGE", PAGE)
    monkeypatch.setattr(relay, "failpoint", fails_once)
    on_kafka.start("sequencer")
    on_kafka.note(STREAMS, EACH)
    on_kafka.wait(lambda: not on_kafka.count("SELECT count(*) FROM eventlog_event_pending"))
    stop = threading.Event()
    carrying = threading.Thread(target=Relay(connect, on_kafka.cluster).run, args=(stop,))
    carrying.start()
    try:
        on_kafka.wait(on_kafka.is_relayed)
    finally:
        stop.set()
        carrying.join(20)
    found = positions_carried(on_kafka)
    assert {one for positions in found.values() for one in positions} == set(range(1, STREAMS * EACH + 1))
    for positions in found.values():
        first_time = list(dict.fromkeys(positions))
        assert first_time == sorted(first_time)
    twice = sum(map(len, found.values())) - STREAMS * EACH
    assert 0 < twice <= relay.UNDER_WAY * PAGE
