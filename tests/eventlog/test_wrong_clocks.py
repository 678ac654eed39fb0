"""A clock was ahead and is right again: its deadlines neither delay nor give up anything."""

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


def claimed(connection: psycopg.Connection[Any]) -> ClaimedItem:
    found = claim(connection, "post", 60)
    assert found is not None
    return found


@ahead
def test_an_item_leased_by_a_clock_that_was_ahead_is_claimed(connection: psycopg.Connection[Any], by: str) -> None:
    first = claimed(connection)
    connection.execute(
        f"UPDATE eventlog_outbox SET due_at = due_at + interval '{by}', lease_until = lease_until + interval '{by}'"
    )
    assert claimed(connection).fencing_token == first.fencing_token + 1
    with pytest.raises(OutboxLeaseLost):
        heartbeat(connection, first, 60, {})


def test_a_correct_wait_is_kept(connection: psycopg.Connection[Any]) -> None:
    """The control, with the longest wait."""
    reschedule(connection, claimed(connection), "failed", MAX_WAIT_SECONDS - 1)
    assert claim(connection, "post", 60) is None


def test_a_current_lease_is_kept(connection: psycopg.Connection[Any]) -> None:
    claimed(connection)
    assert claim(connection, "post", 60) is None


def test_a_clock_that_jumps_by_a_day_gives_nothing_up(connection: psycopg.Connection[Any]) -> None:
    item = claimed(connection)
    connection.execute("UPDATE eventlog_outbox SET planned_at = planned_at - interval '400 days'")
    reschedule(connection, item, "failed once", 0)
    assert claimed(connection).attempts == 2
    connection.execute("UPDATE eventlog_outbox SET attempts = 20")
    reschedule(connection, ClaimedItem(item.id, 2, "", {}, "", "", 20), "failed for long", 0)
    assert connection.execute("SELECT state FROM eventlog_outbox").fetchone() == ("failed",)


@ahead
def test_a_lease_by_a_clock_that_was_ahead_is_taken_over(connection: psycopg.Connection[Any], by: str) -> None:
    one, other = Lease(connection, "relay"), Lease(connection, "relay")
    assert (one.hold(), other.hold()) == (True, False)
    connection.execute(f"UPDATE eventlog_lease SET until = until + interval '{by}'")
    assert (other.hold(), one.hold()) == (True, False)
