"""The timeline of one generation: all its events in order, each with its cause and the consumer or person behind it."""

import dataclasses
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from placet.config.flow import FLOW
from placet.eventlog.store.codec import type_of
from placet.eventlog.store.log import RecordedEvent, current_log
from placet.people.queries import name_of
from placet.studio.generation import stream_of

ENCRYPTED: Final = "encrypted"
CONSUMERS: Final = tuple(dict.fromkeys(name for named in FLOW.values() for name in named))
MayOpen = Callable[[str], bool]
"""Whether the reader may read the encrypted fields of this subject."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event as shown. `data` has the text of encrypted fields only where the reader may read them."""

    position: int | None
    at: datetime
    event: str
    stream: str
    version: int
    cause: str
    """Type and position of the event that caused it; empty for a command."""
    by: str
    """The consumer that wrote it, or the name of the person who gave the command."""
    after_seconds: float
    """Since its cause; since the first event where the cause is not in the timeline."""
    data: dict[str, Any]


def timeline_of(generation: str, may_open: MayOpen) -> list[TimelineEntry]:
    """All events of a generation, oldest first: correlated ones, and others in its stream."""
    events = _events(generation)
    known = {event.event_id: event for event in events}
    return [_entry(event, known, may_open, events[0]) for event in events]


def _events(generation: str) -> list[RecordedEvent]:
    log = current_log()
    events = {event.event_id: event for event in log.read_correlated(generation)}
    others = {e.correlation_id for e in log.read(stream_of(generation)) if e.event_id not in events}
    for correlation in others:
        events |= {e.event_id: e for e in log.read_correlated(correlation) if e.stream == stream_of(generation)}
    return sorted(events.values(), key=lambda event: event.recorded_at)


def _entry(
    event: RecordedEvent, known: dict[str, RecordedEvent], may_open: MayOpen, first: RecordedEvent
) -> TimelineEntry:
    cause = known.get(event.causation_id or "")
    return TimelineEntry(
        position=event.position,
        at=event.at,
        event=event.type,
        stream=event.stream,
        version=event.version,
        cause=f"{cause.type} at {cause.position}" if cause else "another timeline" if event.causation_id else "",
        by=_consumer(event) or (name_of(event.actor) if event.actor else "the worker"),
        after_seconds=round((event.at - (cause or first).at).total_seconds(), 3),
        data=_data(event, may_open),
    )


def _consumer(event: RecordedEvent) -> str | None:
    """A consumer derives the command id of its writes from the event and its own name."""
    if event.causation_id is None:
        return None
    consumed = uuid.UUID(event.causation_id)
    return next((name for name in CONSUMERS if str(uuid.uuid5(consumed, name)) == event.command_id), None)


def _data(event: RecordedEvent, may_open: MayOpen) -> dict[str, Any]:
    fact = event.fact
    encrypted = type_of(fact).encrypted
    data = {field.name: getattr(fact, field.name) for field in dataclasses.fields(fact)}
    for field, subject in encrypted.items():
        data[field] = str(data[field]) if may_open(str(data[subject])) else ENCRYPTED
    return data
