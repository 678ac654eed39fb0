"""Named reads of notices: each is one numbered use of the person's likeness, from the log itself."""

from dataclasses import dataclass
from datetime import datetime

from placet.eventlog.log import current_log
from placet.people.queries import people


@dataclass(frozen=True, slots=True)
class Notice:
    """What one person was told, by its number: numbers have no gaps."""

    number: int
    stage: str
    generation: str
    at: datetime
    asked_by: str
    """The name of whoever asked, as it is shown."""
    asker: str
    code: str
    """Why it was blocked, when it was."""
    is_summary: bool


def notices_of(person: str, limit: int = 200) -> list[Notice]:
    """The newest notices of a person, newest first."""
    events = current_log().read_last(f"uses-{person}", limit).events
    names = {i: str(p.name) for i, p in people(sorted({e.fact.asked_by for e in events})).items()}
    return [
        Notice(
            event.version, fact.stage, fact.generation, event.at, names.get(fact.asked_by, "someone who left"),
            fact.asked_by, fact.code, fact.is_summary,
        )
        for event in reversed(events)
        for fact in [event.fact]
    ]  # fmt: skip
