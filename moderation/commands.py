"""Commands of moderation: load, decide, append."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, get_args

from moderation import events as e
from moderation.refusals import (
    CaseAlreadyDecided,
    CaseNotFound,
    ConsentIsPersonal,
    DecisionNotApplicable,
    NothingToAppeal,
    ReviewerExcluded,
)
from placet.eventlog.store.errors import Conflict, WrongExpectedVersion
from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import EventLog, EventMetadata, Stream, event_context
from placet.eventlog.store.retry import retried
from placet.kernel.ids import CaseId, GenerationId, PersonId
from placet.studio.events import GenerationPublished, GenerationRefused, GenerationRequested, HoldReleased, request_in

ALLOWED_DECISIONS: Final[dict[e.CaseKind, frozenset[e.Decision]]] = {
    "hold": frozenset({"approve", "reject"}),
    "filing": frozenset({"approve", "reject"}),
    "appeal": frozenset({"uphold", "overturn"}),
    "report": frozenset({"dismiss", "remove"}),
}
CONSENT_CODES: Final = frozenset({"consent_missing", "consent_revoked", "likeness_unknown", "face_without_consent"})
"""Refusals for lack of a person's consent: no reviewer can give it for them."""


@dataclass(frozen=True, slots=True)
class DecideCase:
    """A reviewer's decision; `version` is the version of the case that the reviewer read."""

    id: str
    case: CaseId
    decided_by: PersonId
    decision: e.Decision
    reason: str
    version: int


def decide_case(log: EventLog, command: DecideCase) -> None:
    """Decide a case. Of two concurrent decisions one succeeds; the other raises `CaseAlreadyDecided`."""
    stream = log.read(stream_name(e.CaseOpened, command.case))
    if stream.version == 0:
        raise CaseNotFound
    opened: e.CaseOpened = stream.facts[0]
    _refuse_unfit(opened, command)
    fact = e.CaseDecided(
        command.case, opened.subject, opened.kind, command.decision, command.decided_by, command.reason
    )
    try:
        with event_context(EventMetadata(stream.events[0].correlation_id, actor=command.decided_by)):
            log.append(stream.name, [fact], expected=command.version, command_id=command.id)
    except (Conflict, WrongExpectedVersion):
        raise CaseAlreadyDecided from None


def _refuse_unfit(opened: e.CaseOpened, command: DecideCase) -> None:
    if command.decided_by in opened.excluded_reviewers:
        raise ReviewerExcluded
    if command.decision not in get_args(e.Decision) or command.decision not in ALLOWED_DECISIONS[opened.kind]:
        raise DecisionNotApplicable(f"{command.decision!r} does not fit a case of kind {opened.kind}.")
    if opened.code in CONSENT_CODES and command.decision in {"approve", "overturn"}:
        raise ConsentIsPersonal
    if opened.is_zero_tolerance and command.decision in {"approve", "overturn"}:
        raise DecisionNotApplicable("A zero-tolerance policy cannot be overridden.")


@retried
def file_appeal(log: EventLog, generation: GenerationId, by: PersonId, words: str, command_id: str) -> None:
    """Appeal a refusal. Opens a case that its earlier reviewers cannot decide."""
    stream = log.read(stream_name(GenerationRequested, generation))
    refused = [ev for ev in stream if isinstance(ev.fact, GenerationRefused)]
    if (
        not refused
        or _requester(stream) != by
        or datetime.now(UTC).date().isoformat() > refused[-1].fact.appeal_deadline
    ):
        raise NothingToAppeal
    before = tuple(PersonId(f.decided_by) for f in stream.facts if isinstance(f, HoldReleased)) + _deciders(log, stream)
    fact = e.AppealFiled(generation, by, words, refused[-1].event_id, before)
    appeals = log.read(stream_name(e.AppealFiled, generation))
    if any(f.refusal == fact.refusal for f in appeals.facts):
        raise NothingToAppeal("This refusal has already been appealed.")
    with event_context(EventMetadata(generation, actor=by)):
        log.append(appeals.name, [fact], expected=appeals.version, command_id=command_id)


@retried
def report(  # noqa: PLR0913, PLR0917  who, what and why, each by name
    log: EventLog, generation: GenerationId, by: PersonId, reason: str, words: str, command_id: str
) -> None:
    """Report a published clip. Opens a case."""
    stream = log.read(stream_name(GenerationRequested, generation))
    if not any(isinstance(f, GenerationPublished) for f in stream.facts):
        raise NothingToAppeal("Only a published clip can be reported.")
    report_id = uuid.uuid5(uuid.UUID(command_id), "report")
    fact = e.ClipReported(generation, by, reason, words)
    with event_context(EventMetadata(generation, actor=by)):
        log.append(stream_name(e.ClipReported, report_id), [fact], expected=0, command_id=command_id)


def _requester(stream: Stream) -> PersonId | None:
    request = request_in(stream.facts)
    return request.requested_by if request else None


def _deciders(log: EventLog, stream: Stream) -> tuple[PersonId, ...]:
    """Reviewers whose decision led to the appealed refusal: the causes of the generation's own events."""
    causes = {ev.causation_id for ev in stream if ev.causation_id}
    correlated = log.read_correlated(stream.events[0].correlation_id) if stream.events else []
    return tuple(
        ev.fact.decided_by for ev in correlated if isinstance(ev.fact, e.CaseDecided) and ev.event_id in causes
    )
