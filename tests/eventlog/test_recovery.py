"""A long-lived thread loses Django's connection: the next try has a new one."""

import threading
import uuid
from collections.abc import Callable
from contextlib import suppress

import psycopg
import pytest
from django.db import connection

from placet.eventlog import outbox
from placet.eventlog.consumers.checkpoints import THE_LOG, Progress
from placet.eventlog.consumers.delivery import PlannedItem
from placet.eventlog.consumers.runner import Consumer, ConsumerRunner
from placet.eventlog.store.connect import DATABASE_UNAVAILABLE, connect
from placet.eventlog.store.log import EventLog, current_log
from placet.eventlog.store.sequencer import Sequencer
from placet.eventlog.transports.port import DeliveryBatch, DeliveryItem
from tests.eventlog.ledger import EntryNoted

pytestmark = [pytest.mark.usefixtures("fresh_database"), pytest.mark.promise("P6")]


Query = Callable[..., None]


def query_tables(*_arguments: object) -> None:
    """A handler that reads through Django."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def query_log(*_arguments: object) -> None:
    """A handler that bypasses Django, over its connection."""
    current_log().heads(["account-x"])


both_ways = pytest.mark.parametrize("query", [query_tables, query_log])


def lose_djangos_connection(other: psycopg.Connection) -> None:
    query_tables()
    other.execute("SELECT pg_terminate_backend(%s)", (connection.connection.info.backend_pid,))


@both_ways
def test_an_item_whose_connection_was_lost_is_done_next_time(monkeypatch: pytest.MonkeyPatch, query: Query) -> None:
    monkeypatch.setitem(outbox.HANDLERS, "look", query)
    with connect() as other:
        outbox.plan(other, "test", [PlannedItem("look", "look", {}, str(uuid.uuid4()), "account-x")])
        lose_djangos_connection(other)
        assert outbox.process_one(other, "look")
        other.execute("UPDATE eventlog_outbox SET due_at = clock_timestamp()")
        assert outbox.process_one(other, "look")
        assert other.execute("SELECT state FROM eventlog_outbox").fetchone() == ("done",)


@both_ways
def test_a_consumer_whose_connection_was_lost_continues_next_time(query: Query) -> None:
    kinds = frozenset({"ledger.entry_noted.v1"})
    consumer = Consumer("test.look", kinds, query, True, None, 100, False)
    with connect() as other:
        EventLog(other).append(f"account-{uuid.uuid4()}", [EntryNoted("1")], expected=0)
        Sequencer(other).run_once()
        (event,) = EventLog(other).read_from(0, 10)
        lose_djangos_connection(other)
        runner = ConsumerRunner(consumer, other, threading.Event())
        batch = DeliveryBatch((DeliveryItem(event, THE_LOG, Progress(event.position)),))
        with suppress(*DATABASE_UNAVAILABLE):  # its thread would restart with a new connection
            assert runner.process(batch)
        assert runner.process(batch)
