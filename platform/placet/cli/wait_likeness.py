"""What a person waits for after acting on their likeness."""

import time
from collections.abc import Mapping
from typing import Any

from placet.cli.wait import wait_until_projected
from placet.eventlog.polling import Tick, wait_until
from placet.eventlog.projections.runner import position_of
from placet.eventlog.store.log import RecordedEvent, current_log
from placet.likeness.consent import consent_of
from placet.likeness.events import ConsentRevoked, EnrolmentRefused, GrantRevoked, LikenessEnrolled
from placet.studio.events import RestrictionApplied

ENROL_SECONDS = 120.0
CASCADE_SECONDS = 60.0


def enrolment_outcome(before: Mapping[str, int], tick: Tick) -> tuple[str, str]:
    """(`enrolled`, ""), or the code of the refusal and what to do. Raises `WaitTimedOut`."""
    wait_until(lambda: _answers(before) != [], tick, ENROL_SECONDS)
    answer = _answers(before)[0]
    return (answer.code, answer.hint) if isinstance(answer, EnrolmentRefused) else ("enrolled", "")


def _answers(before: Mapping[str, int]) -> list[Any]:
    log = current_log()
    facts = [fact for stream, version in before.items() for fact in log.read(stream, after=version).facts]
    return [fact for fact in facts if isinstance(fact, EnrolmentRefused | LikenessEnrolled)]


def wait_until_revoked(person: str, tick: Tick) -> dict[str, Any]:
    """Wait until everything that the last withdrawal concerns is out of sight: how many, and in how many seconds."""
    begun = time.monotonic()
    consent = current_log().read(consent_of(person))
    event = next(e for e in reversed(consent.events) if isinstance(e.fact, ConsentRevoked | GrantRevoked))
    wait_until(lambda: _is_cascaded(event), tick, CASCADE_SECONDS)
    wait_until_projected(tick)
    return {"taken_out": len(_taken_out(event)), "seconds": round(time.monotonic() - begun, 3)}


def _is_cascaded(event: RecordedEvent) -> bool:
    position = next(e.position for e in _story(event) if e.event_id == event.event_id)
    return position is not None and position_of("studio.cascade_restrictions") >= position


def _taken_out(event: RecordedEvent) -> list[str]:
    opened = event.event_id
    return [e.stream for e in _story(event) if isinstance(e.fact, RestrictionApplied) and e.fact.opened_by == opened]


def _story(event: RecordedEvent) -> list[RecordedEvent]:
    return current_log().read_correlated(event.correlation_id)
