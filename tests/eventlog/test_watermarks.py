"""Under Kafka one number says how far a consumer is, also while it never stands still."""

import pytest

from placet.eventlog.consumers import checkpoints
from placet.eventlog.consumers.checkpoints import THE_LOG, EventSource, Progress
from placet.eventlog.consumers.watermarks import raise_watermarks
from placet.eventlog.store.log import current_log

WHO = "ledger.keep"
ONE, TWO = EventSource("t.ledger", 0), EventSource("t.ledger", 1)
pytestmark = pytest.mark.django_db


def stand(who: str, **reached: int) -> None:
    places = {"log": THE_LOG, "one": ONE, "two": TWO}
    checkpoints.move(current_log().connection, who, {places[name]: Progress(at) for name, at in reached.items()})


def floor() -> int:
    raise_watermarks(current_log().connection, {WHO: {"t.ledger"}})
    return checkpoints.read(current_log().connection, WHO)[THE_LOG].position


def test_who_is_behind_somewhere_has_answered_up_to_there() -> None:
    stand(WHO, log=10, one=40, two=100)
    stand("relay", log=120, one=90, two=100)
    assert floor() == 40
    stand(WHO, one=70)
    assert floor() == 70


def test_who_is_behind_nowhere_has_answered_all_that_was_carried() -> None:
    stand(WHO, log=10, one=90, two=100)
    stand("relay", log=120, one=90, two=100)
    assert floor() == 120


def test_who_has_never_been_in_a_partition_stays_where_he_is() -> None:
    stand(WHO, log=10, two=100)
    stand("relay", log=120, one=90, two=100)
    assert floor() == 10


def test_what_was_carried_below_the_floor_keeps_nobody_back() -> None:
    stand(WHO, log=95, two=100)
    stand("relay", log=120, one=90, two=100)
    assert floor() == 120


def test_a_topic_that_no_relay_has_begun_keeps_everybody_where_he_is() -> None:
    """What he has not answered may have been carried to topics of another generation."""
    stand(WHO, log=10)
    stand("relay", log=120)
    assert floor() == 10


def test_no_floor_moves_before_the_relay_has_been_there() -> None:
    stand(WHO, log=10, one=40)
    assert floor() == 10
