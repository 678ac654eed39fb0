"""Test events and their consumer: one answer and one outbox item for each entry."""

import os
import time

from placet.eventlog.consumers.delivery import Delivery
from placet.eventlog.consumers.runner import consume
from placet.eventlog.store.event import event
from placet.eventlog.transports.cloudevents import UUID
from tests.eventlog.ledger import EntryNoted

NAME = "ledger.answer"
SLOW_SECONDS = float(os.environ.get("LEDGER_SLOW_SECONDS", "0"))


@event("ledger.entry_answered.v1", stream="answer")
class EntryAnswered:
    text: str


class Poison(ValueError):
    """The handler fails on this entry."""


@consume(EntryNoted, name=NAME, batch_size=20)
def answer(fact: EntryNoted, delivery: Delivery) -> None:
    """Poison becomes a dead letter with its stream."""
    if fact.text == "poison":
        raise Poison
    if SLOW_SECONDS:
        time.sleep(SLOW_SECONDS)
    match = UUID.search(delivery.event.stream)
    stream = delivery.read(f"answer-{match[0] if match else ''}")
    delivery.append(stream.name, [EntryAnswered(fact.text)], expected=stream.version)
    delivery.plan("noted", {}, key="noted")
