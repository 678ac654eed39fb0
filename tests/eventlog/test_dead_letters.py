"""A failing event becomes a dead letter with its stream; others continue; a redrive continues in order."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from placet.eventlog.consumers import runner
from placet.eventlog.consumers.dead_letter import dead_letters
from placet.eventlog.consumers.delivery import Delivery
from placet.eventlog.consumers.redrive import NeverDiscarded, NoDeadLetters, discard, redrive, retry_outbox
from placet.eventlog.consumers.runner import CONSUMERS, ConsumerRunner, consume
from placet.eventlog.store.connect import connect
from placet.eventlog.store.log import current_log
from placet.eventlog.store.sequencer import Sequencer
from tests.eventlog.ledger import EntryNoted
from tests.support.cast import ANA
from tests.support.flow_driver import run_from_checkpoint

POISON = "the canary sings of Ana"
ONE, TWO = (f"account-00000000-0000-4000-8000-00000000000{n}" for n in (1, 2))


@dataclass
class Ledger:
    """A test consumer and what it planned, in order."""

    connection: psycopg.Connection[Any]
    is_fixed: bool = False

    def write(self, stream: str, *texts: str) -> None:
        log = current_log()
        log.append(stream, [EntryNoted(text) for text in texts], expected=log.heads([stream])[stream])
        while Sequencer(self.connection).run_once():
            pass

    def run(self) -> None:
        run_from_checkpoint(ConsumerRunner(CONSUMERS["ledger.read"], self.connection, threading.Event()))

    def handle(self, fact: EntryNoted, delivery: Delivery) -> None:
        """Fails on poison until fixed."""
        if fact.text == POISON and not self.is_fixed:
            raise ValueError(fact.text)
        delivery.plan("ledger", {"text": f"{delivery.event.stream[-1]}: {fact.text}"}, key="noted")

    @property
    def processed(self) -> list[str]:
        rows = self.connection.execute("SELECT payload ->> 'text' FROM eventlog_outbox ORDER BY id").fetchall()
        return [row[0] for row in rows]


@pytest.fixture
def ledger(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    monkeypatch.setattr(runner, "MAX_BACKOFF_SECONDS", 0.0)
    with connect() as own:
        found = Ledger(own)
        consume(EntryNoted, name="ledger.read")(found.handle)
        yield found
    del CONSUMERS["ledger.read"]


def test_a_failing_stream_becomes_dead_letters_and_others_go_on(ledger: Ledger) -> None:
    ledger.write(ONE, "a", POISON, "c")
    ledger.write(TWO, "x")
    ledger.run()
    assert ledger.processed == ["1: a", "2: x"]
    rows = dead_letters(ledger.connection)
    assert [(row.position, row.stream) for row in rows] == [(2, ONE), (3, ONE)]
    assert rows[0].error_location.startswith("ValueError at test_dead_letters.py:")
    assert rows[1].error_location.startswith("waits behind")
    assert POISON not in repr(rows), "what people wrote is not kept in the error"


def test_later_events_wait_behind_a_dead_letter(ledger: Ledger) -> None:
    ledger.write(ONE, POISON)
    ledger.run()
    ledger.write(ONE, "later")
    ledger.write(TWO, "x")
    ledger.run()
    assert ledger.processed == ["2: x"]
    assert len(dead_letters(ledger.connection)) == 2


def test_a_redriven_stream_goes_on_in_order_and_once(ledger: Ledger) -> None:
    ledger.write(ONE, "a", POISON, "c", "d")
    ledger.run()
    ledger.is_fixed = True
    (done,) = redrive(ledger.connection, "ledger.read")
    assert (done.processed, done.error) == (3, "")
    ledger.write(ONE, "e")
    ledger.run()
    assert ledger.processed == ["1: a", f"1: {POISON}", "1: c", "1: d", "1: e"]
    assert dead_letters(ledger.connection) == []


def test_an_event_that_still_fails_stays_with_those_behind_it(ledger: Ledger) -> None:
    ledger.write(ONE, POISON, "b")
    ledger.run()
    (stopped,) = redrive(ledger.connection, "ledger.read")
    assert (stopped.processed, stopped.stopped_at) == (0, 1)
    assert [(row.position, row.attempts) for row in dead_letters(ledger.connection)] == [(1, 6), (2, 0)]


def test_a_discarded_event_keeps_actor_and_reason_and_frees_the_rest(ledger: Ledger) -> None:
    ledger.write(ONE, POISON, "b")
    ledger.run()
    discard(ledger.connection, "ledger.read", 1, ANA, "a test entry")
    assert redrive(ledger.connection, "ledger.read")[0].processed == 1
    assert ledger.processed == ["1: b"]
    row = ledger.connection.execute(
        "SELECT position, discarded_by::text, reason FROM eventlog_dead_letter_discarded"
    ).fetchone()
    assert row == (1, ANA, "a test entry")


@pytest.mark.parametrize(
    "name", ["studio.cascade_restrictions", "likeness.enrol", "rights.check_prompt_rights", "nobody.knows"]
)
def test_events_of_consent_and_rights_cannot_be_discarded(fresh_database: str, name: str) -> None:
    with connect() as own, pytest.raises(NeverDiscarded):
        discard(own, name, 1, ANA, "in the way")


def test_no_dead_letters_is_a_refusal(ledger: Ledger) -> None:
    with pytest.raises(NoDeadLetters):
        redrive(ledger.connection, "ledger.read")
    with pytest.raises(NoDeadLetters):
        discard(ledger.connection, "ledger.read", 1, ANA, "nothing there")


def test_failed_outbox_items_are_planned_again_under_their_keys(ledger: Ledger) -> None:
    ledger.write(ONE, "a")
    ledger.run()
    ledger.connection.execute("UPDATE eventlog_outbox SET state = 'failed'")
    assert retry_outbox(ledger.connection, "ledger") == 1
    assert retry_outbox(ledger.connection, "ledger") == 0
    assert ledger.connection.execute("SELECT key, state FROM eventlog_outbox").fetchall() == [("noted", "planned")]


def test_retries_back_off_up_to_the_maximum() -> None:
    pauses = [runner.retry_delay_seconds(tries) for tries in (1, 3, 5, 6, 10_000)]
    assert pauses == sorted(pauses)
    assert pauses[-2:] == [runner.MAX_BACKOFF_SECONDS] * 2
