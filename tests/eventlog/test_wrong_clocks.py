"""A clock that was ahead and is right again: what was given until then holds nothing back, and gives nothing up."""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from placet.eventlog.consumers.delivery import PlannedItem
from placet.eventlog.leases import Lease
from placet.eventlog.outbox import MAX_WAIT_SECONDS, ClaimedItem, OutboxLeaseLost, claim, heartbeat, plan, reschedule
from placet.eventlog.store.connect import connect

pytestmark = [pytest.mark.usefixtures("fresh_database"), pytest.mark.promise("P6")]
ahead = pytest.mark.parametrize("by", ["1 hour", "400 days"])


@pytest.fixture
def connection() -> Iterator[psycopg.Connection[Any]]:
    with connect() as connection:
        plan(connection, "test", [PlannedItem("post", "once", {}, str(uuid.uuid4()), "a-stream")])
        yield connection


def held(connection: psycopg.Connection[Any]) -> ClaimedItem:
    found = claim(connection, "post", 60)
    assert found is not None
    return found


@ahead
def test_an_effect_leased_or_due_by_a_clock_that_was_ahead_is_taken(
    connection: psycopg.Connection[Any], by: str
) -> None:
    first = held(connection)
    connection.execute(
        f"UPDATE eventlog_outbox SET due_at = due_at + interval '{by}', lease_until = lease_until + interval '{by}'"
    )
    assert held(connection).fencing_token == first.fencing_token + 1
    with pytest.raises(OutboxLeaseLost):
        heartbeat(connection, first, 60, {})


def test_a_wait_that_was_given_is_kept_to(connection: psycopg.Connection[Any]) -> None:
    """The control: the longest one too."""
    reschedule(connection, held(connection), "failed", MAX_WAIT_SECONDS - 1)
    assert claim(connection, "post", 60) is None


def test_a_lease_that_goes_on_is_kept_to(connection: psycopg.Connection[Any]) -> None:
    held(connection)
    assert claim(connection, "post", 60) is None


def test_a_day_that_passed_at_once_gives_nothing_up(connection: psycopg.Connection[Any]) -> None:
    effect = held(connection)
    connection.execute("UPDATE eventlog_outbox SET planned_at = planned_at - interval '400 days'")
    reschedule(connection, effect, "failed once", 0)
    assert held(connection).attempts == 2
    connection.execute("UPDATE eventlog_outbox SET attempts = 20")
    reschedule(connection, ClaimedItem(effect.id, 2, "", {}, "", "", 20), "failed for long", 0)
    assert connection.execute("SELECT state FROM eventlog_outbox").fetchone() == ("failed",)


@ahead
def test_a_leader_by_a_clock_that_was_ahead_leads_no_longer(connection: psycopg.Connection[Any], by: str) -> None:
    one, other = Lease(connection, "relay"), Lease(connection, "relay")
    assert (one.hold(), other.hold()) == (True, False)
    connection.execute(f"UPDATE eventlog_lease SET until = until + interval '{by}'")
    assert (other.hold(), one.hold()) == (True, False)
