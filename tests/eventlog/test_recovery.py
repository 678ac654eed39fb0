"""Django's own connection of a long-lived thread, lost with its server: the next try has a new one."""

import threading
import uuid

import psycopg
import pytest
from django.db import connection

from placet.eventlog import effects
from placet.eventlog.checkpoints import THE_LOG, Reached
from placet.eventlog.connecting import connect
from placet.eventlog.consuming import Consumer, ConsumerRunner
from placet.eventlog.delivery import PlannedEffect
from placet.eventlog.log import EventLog
from placet.eventlog.sequencer import Sequencer
from placet.eventlog.transports.port import Batch, Step
from tests.eventlog.ledger import EntryNoted

pytestmark = [pytest.mark.usefixtures("fresh_database"), pytest.mark.promise("P6")]


def ask_the_tables(*_given: object) -> None:
    """What a handler or an effect does that reads through Django."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def lose_djangos_connection(other: psycopg.Connection) -> None:
    ask_the_tables()
    other.execute("SELECT pg_terminate_backend(%s)", (connection.connection.info.backend_pid,))


def test_an_effect_that_lost_its_connection_is_done_at_the_next_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(effects.PERFORMERS, "look", ask_the_tables)
    with connect() as other:
        effects.plan(other, "test", [PlannedEffect("look", "look", {}, str(uuid.uuid4()), "account-x")])
        lose_djangos_connection(other)
        assert effects.run_one(other, "look")
        other.execute("UPDATE effect SET due_at = clock_timestamp()")
        assert effects.run_one(other, "look")
        assert other.execute("SELECT state FROM effect").fetchone() == ("done",)


def test_a_consumer_that_lost_its_connection_answers_at_the_next_try() -> None:
    kinds = frozenset({"ledger.entry_noted.v1"})
    consumer = Consumer("test.look", kinds, ask_the_tables, True, None, 100, False)
    with connect() as other:
        EventLog(other).append(f"account-{uuid.uuid4()}", [EntryNoted("1")], expected=0)
        Sequencer(other).run_once()
        (event,) = EventLog(other).read_from(0, 10)
        lose_djangos_connection(other)
        stop = threading.Event()
        limit = threading.Timer(20, stop.set)
        limit.start()
        assert ConsumerRunner(consumer, other, stop).take(Batch((Step(event, THE_LOG, Reached(event.position)),)))
        limit.cancel()
