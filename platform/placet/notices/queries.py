"""Queries of notices: each is one numbered use of the person's likeness, read from the log itself."""

from dataclasses import dataclass
from datetime import datetime

from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import current_log
from placet.likeness.events import CameoUsed
from placet.people.queries import display_name, people


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. Numbers have no gaps."""

    number: int
    stage: str
    generation: str
    at: datetime
    requested_by: str
    """The requester's display name."""
    requester: str
    """The requester's id."""
    code: str
    """Why it was blocked; empty when it was not."""
    is_summary: bool


def notices_of(person: str, limit: int = 200, below: int | None = None) -> list[Notice]:
    """The newest notices of a person (below a number), newest first."""
    stream = stream_name(CameoUsed, person)
    top = min(below - 1, last_number(person)) if below else None
    log = current_log()
    recorded = log.read_last(stream, limit) if top is None else log.read(stream, after=max(0, top - limit))
    events = [event for event in recorded if top is None or event.version <= top]
    known = people(sorted({e.fact.requested_by for e in events}))
    return [
        Notice(
            event.version, fact.stage, fact.generation, event.at, display_name(known, fact.requested_by),
            fact.requested_by, fact.code, fact.is_summary,
        )
        for event in reversed(events)
        for fact in [event.fact]
    ]  # fmt: skip


def last_number(person: str) -> int:
    """The number of a person's newest notice; 0 when there is none."""
    stream = stream_name(CameoUsed, person)
    return current_log().heads([stream])[stream]
