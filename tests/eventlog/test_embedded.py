"""Embedded transport: caches the events of its consumers, and loses none when it drops some."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from placet.eventlog.store.log import EventLog
from placet.eventlog.store.sequencer import Sequencer
from placet.eventlog.store.versions import every_version, kind_of
from placet.eventlog.transports import embedded
from placet.eventlog.transports.embedded import EmbeddedSubscription, EmbeddedTransport
from tests.eventlog.ledger import EntryNoted, NameNoted
from tests.support.cast import ANA

ENTRIES = every_version({"ledger.entry_noted.v1"})


@pytest.fixture
def log(fresh_database: str) -> Iterator[EventLog]:
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        yield EventLog(connection)


@pytest.fixture
def transport(fresh_database: str) -> Iterator[EmbeddedTransport]:
    with ExitStack() as opened:
        made = EmbeddedTransport(lambda: opened.enter_context(psycopg.connect(fresh_database, autocommit=True)))
        yield made
        made.stop()


def write(log: EventLog, entries: int) -> None:
    """Entries, each followed by a name, on a new stream."""
    facts = [fact for n in range(entries) for fact in (EntryNoted(str(n)), NameNoted(ANA, "Ana"))]
    log.append(f"account-{uuid.uuid4()}", facts, expected=0)
    while Sequencer(log.connection).run_once():
        pass


def taken(subscription: EmbeddedSubscription, count: int, at_most: int = 7) -> list[str]:
    """Texts of the next `count` events, acknowledged batch by batch."""
    found: list[str] = []
    for _ in range(200):
        batch = subscription.next(at_most, wait_seconds=0.1)
        found += [event.fact.text for event in batch.events]
        subscription.ack(batch)
        if len(found) >= count:
            return found
    raise AssertionError(f"{len(found)} of {count} came")


def test_only_subscribed_events_are_cached_and_all_advance(log: EventLog, transport: EmbeddedTransport) -> None:
    """A consumer without new events advances as well."""
    entries, none = transport.subscribe("entries", ENTRIES), transport.subscribe("none", frozenset({"ledger.x.v1"}))
    transport.start()
    write(log, 30)
    assert taken(entries, 30) == [str(n) for n in range(30)]
    assert {event.type for event in transport._events} == {"ledger.entry_noted.v1"}
    none.ack(none.next(7, wait_seconds=0.1))
    assert none.next(7, wait_seconds=0).reached.popitem()[1].position == log.last_position


def test_a_consumer_behind_the_cache_reads_the_log_and_misses_nothing(
    log: EventLog, transport: EmbeddedTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "MAX_CACHED_EVENTS", 10)
    quick, slow = transport.subscribe("quick", ENTRIES), transport.subscribe("slow", ENTRIES)
    write(log, 5)
    transport.start()
    for _ in range(6):
        write(log, 10)
        taken(quick, 10)
    assert transport._since > 0
    assert len(transport._events) <= 30
    wanted = [str(n) for count in (5, *[10] * 6) for n in range(count)]
    assert taken(slow, len(wanted)) == wanted


def test_a_future_version_reaches_the_subscribers_of_the_type(log: EventLog, owner_dsn: str) -> None:
    write(log, 2)
    with psycopg.connect(owner_dsn) as owner:
        owner.execute("ALTER TABLE eventlog_event DISABLE TRIGGER USER")
        owner.execute("UPDATE eventlog_event SET type = 'ledger.entry_noted.v17' WHERE version = 3")
    found = log.read_by_types(0, log.last_position, {kind_of(name) for name in ENTRIES})
    assert [event.type for event in found] == ["ledger.entry_noted.v1", "ledger.entry_noted.v17"]
