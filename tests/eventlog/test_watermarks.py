"""Under Kafka the low watermark is a consumer's progress in one number."""

import pytest

from placet.eventlog.consumers import checkpoints
from placet.eventlog.consumers.checkpoints import THE_LOG, EventSource, Progress
from placet.eventlog.consumers.watermarks import raise_watermarks
from placet.eventlog.store.log import current_log

CONSUMER = "ledger.keep"
ONE, TWO = EventSource("t.ledger", 0), EventSource("t.ledger", 1)
pytestmark = pytest.mark.django_db


def move_to(consumer: str, **reached: int) -> None:
    sources = {"log": THE_LOG, "one": ONE, "two": TWO}
    checkpoints.move(current_log().connection, consumer, {sources[name]: Progress(at) for name, at in reached.items()})


def watermark() -> int:
    raise_watermarks(current_log().connection, {CONSUMER: {"t.ledger"}})
    return checkpoints.read(current_log().connection, CONSUMER)[THE_LOG].position


def test_a_lagging_consumer_has_the_watermark_of_its_slowest_partition() -> None:
    move_to(CONSUMER, log=10, one=40, two=100)
    move_to("relay", log=120, one=90, two=100)
    assert watermark() == 40
    move_to(CONSUMER, one=70)
    assert watermark() == 70


def test_a_consumer_without_lag_has_the_watermark_of_the_relay() -> None:
    move_to(CONSUMER, log=10, one=90, two=100)
    move_to("relay", log=120, one=90, two=100)
    assert watermark() == 120


def test_a_partition_never_consumed_keeps_the_watermark() -> None:
    move_to(CONSUMER, log=10, two=100)
    move_to("relay", log=120, one=90, two=100)
    assert watermark() == 10


def test_records_below_the_watermark_do_not_hold_it_back() -> None:
    move_to(CONSUMER, log=95, two=100)
    move_to("relay", log=120, one=90, two=100)
    assert watermark() == 120


def test_a_topic_that_no_relay_has_begun_keeps_the_watermark() -> None:
    """Unprocessed events may be in topics of another epoch."""
    move_to(CONSUMER, log=10)
    move_to("relay", log=120)
    assert watermark() == 10


def test_no_watermark_moves_before_the_relay() -> None:
    move_to(CONSUMER, log=10, one=40)
    assert watermark() == 10
