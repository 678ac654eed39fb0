"""Decisions of the studio, from a generation's own events and the verdicts of checks. No clock, no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from placet.kernel.ids import GenerationId, PersonId
from placet.kernel.verdict import Verdict
from placet.likeness.events import CameoUsed, Stage
from placet.studio import events as e
from placet.studio.generation import ENDED, IN_JOB, OUTPUT_CHECKS, PROMPT_CHECKS, Generation

APPEAL_DAYS: Final = 14
MAX_RECHECKS: Final = 3
DAILY_QUOTA: Final = 20
"""Generations per person and day."""
MAX_BLOCKED_NOTICES_PER_HOUR: Final = 10
"""Blocked attempts that get a notice of their own, per person and requester."""
QUOTA_HINT: Final = "Request it again tomorrow: the quota counts per day (UTC)."


@dataclass(slots=True)
class Outcome:
    """What to append: facts on the generation's stream, their preconditions, and uses and quota on other streams."""

    facts: list[object] = field(default_factory=list)
    preconditions: dict[str, int] = field(default_factory=dict)
    uses: list[CameoUsed] = field(default_factory=list)
    quota: list[object] = field(default_factory=list)
    starts_job: bool = False


@dataclass(frozen=True, slots=True)
class DecisionContext:
    """The present state outside the generation's stream."""

    heads: Mapping[str, int]
    """Present versions of the streams that the verdicts rest on."""
    taken_today: int
    at: datetime
    """When the event being processed was recorded."""


def record(generation: Generation, verdict: Verdict, verdict_id: str, now: DecisionContext) -> Outcome:
    """Record a verdict; when it completes the set, take the next step in the same append."""
    if generation.state in ENDED or verdict.attempt < generation.attempt(verdict.check):
        return Outcome()
    known = generation.verdicts.get(verdict.check)
    if known is not None and known.attempt >= verdict.attempt:
        return Outcome()
    recorded = e.VerdictRecorded(
        verdict.generation,
        verdict.check,
        verdict.attempt,
        verdict.outcome,
        verdict.read_versions,
        verdict.code,
        verdict_id,
    )
    generation.apply(recorded)
    outcome = Outcome([recorded])
    if verdict.outcome == "block" and verdict.code not in generation.released:
        _refuse(outcome, generation, refusal_of(verdict, verdict_id, now.at), _matched(verdict))
    elif verdict.outcome == "hold" and verdict.code not in generation.released:
        _hold(outcome, generation, verdict, verdict_id)
    else:
        advance(outcome, generation, now)
    return outcome


def advance(outcome: Outcome, generation: Generation, now: DecisionContext) -> None:
    """Take the next step, if every check that it needs is clear and what they read has not changed."""
    if generation.state == "requested" and generation.is_clear(PROMPT_CHECKS):
        _approve(outcome, generation, now)
    elif generation.state == "rendered" and generation.is_clear(PROMPT_CHECKS | OUTPUT_CHECKS):
        outcome.facts.append(e.OutputApproved(generation.required_request.generation))
    elif generation.state == "draft" and generation.is_publication_requested:
        _publish(outcome, generation, now)


def request_publication(generation: Generation, now: DecisionContext) -> Outcome:
    """Publish at once, or after the checks whose read versions are outdated have run again."""
    outcome = Outcome()
    if not generation.is_publication_requested:
        requested = e.PublicationRequested(generation.required_request.generation)
        generation.apply(requested)
        outcome.facts.append(requested)
    _publish(outcome, generation, now)
    return outcome


def request_recheck(generation: Generation, heads: Mapping[str, int]) -> list[object]:
    """Request the checks whose read versions are outdated. Empty when none is, or while they are already requested."""
    changed = frozenset(s for s, version in generation.read_versions.items() if heads[s] != version)
    checks = tuple(c for c in generation.resting_on(changed) if not generation.is_waiting_for(frozenset({c})))
    if not checks:
        return []
    attempt = 1 + max(generation.attempt(c) for c in checks)
    return [e.RecheckRequested(generation.required_request.generation, checks, attempt)]


def release_hold(generation: Generation, fact: e.HoldReleased, now: DecisionContext) -> Outcome:
    """A reviewer released the hold or overturned the refusal: continue from there."""
    if generation.state not in {"held", "refused"}:
        return Outcome()
    outcome = Outcome([fact])
    generation.apply(fact)
    advance(outcome, generation, now)
    return outcome


def refuse_held(generation: Generation, refusal: e.GenerationRefused) -> Outcome:
    """A reviewer refused a held generation."""
    outcome = Outcome()
    if generation.state not in ENDED:
        _refuse(outcome, generation, refusal, ())
    return outcome


def cancel(generation: Generation, reason: str) -> Outcome:
    """Cancel before it is a draft. Reserved quota is released."""
    outcome = Outcome()
    if generation.state in ENDED or generation.state in {"draft", "published"}:
        return outcome
    outcome.facts.append(e.GenerationCancelled(generation.required_request.generation, reason))
    _release_quota(outcome, generation)
    return outcome


def end_job(generation: Generation, fact: e.GenerationFailed | e.PromptUnsupported) -> Outcome:
    """End a job that gave no clip. Its quota is released."""
    outcome = Outcome()
    if generation.state in IN_JOB:
        outcome.facts.append(fact)
        _release_quota(outcome, generation)
    return outcome


def sign(generation: Generation, fact: e.GenerationSigned) -> Outcome:
    """The signed file exists: it becomes a draft, and the uses of the people shown are recorded in the same append."""
    if generation.state != "output_approved":
        return Outcome()
    generation.apply(fact)
    return Outcome([fact], uses=uses(generation, "draft"))


def refusal_of(verdict: Verdict, verdict_id: str, at: datetime) -> e.GenerationRefused:
    """The refusal of a verdict, with an appeal deadline; `what_would_pass` is empty for zero tolerance."""
    return e.GenerationRefused(
        generation=verdict.generation,
        stage="prompt" if verdict.check in PROMPT_CHECKS else "output",
        code=verdict.code,
        rule=verdict.rule,
        evidence=verdict.evidence,
        claimant=verdict.claimant,
        what_would_pass="" if verdict.is_zero_tolerance else verdict.what_would_pass,
        appeal_deadline=(at + timedelta(days=APPEAL_DAYS)).date().isoformat(),
        verdict=verdict_id,
    )


def uses(generation: Generation, stage: Stage, code: str = "", also: Sequence[str] = ()) -> list[CameoUsed]:
    """One use per person shown or whose face was found, sorted (the order of their locks)."""
    request = generation.required_request
    return [
        CameoUsed(PersonId(person), request.generation, request.requested_by, stage, request.parent, code)
        for person in sorted({*request.cameos, *also})
        if person != request.requested_by or person in request.cameos
    ]


def capped(use: CameoUsed, recent: Sequence[tuple[CameoUsed, datetime | None]], at: datetime) -> CameoUsed | None:
    """Limit notices of blocked attempts: 10 per requester and hour, then one summary, then None.

    `recent`: the last uses, each with its time (None: in this batch).
    """
    if use.stage != "blocked":
        return use
    hour = [
        u for u, when in recent
        if u.stage == "blocked"
        and u.requested_by == use.requested_by
        and (when is None or at - when < timedelta(hours=1))
    ]  # fmt: skip
    if len(hour) < MAX_BLOCKED_NOTICES_PER_HOUR:
        return use
    return None if any(u.is_summary for u in hour) else replace(use, is_summary=True)


def apply_restriction(generation: Generation, reason: str, opened_by: str) -> list[e.RestrictionApplied]:
    """Apply a restriction, once per event that opens it."""
    if opened_by in generation.restrictions or generation.request is None:
        return []
    return [e.RestrictionApplied(GenerationId(generation.required_request.generation), reason, opened_by)]


def _refuse(outcome: Outcome, generation: Generation, refusal: e.GenerationRefused, matched: Sequence[str]) -> None:
    outcome.facts.append(refusal)
    outcome.uses = uses(generation, "blocked", refusal.code, matched)
    _release_quota(outcome, generation)


def _hold(outcome: Outcome, generation: Generation, verdict: Verdict, verdict_id: str) -> None:
    if generation.state == "held":
        return
    stage: Literal["prompt", "output"] = "prompt" if verdict.check in PROMPT_CHECKS else "output"
    outcome.facts.append(
        e.GenerationHeldForReview(
            verdict.generation, stage, verdict.code, verdict.rule, verdict.is_zero_tolerance, verdict_id
        )
    )


def _approve(outcome: Outcome, generation: Generation, now: DecisionContext) -> None:
    if _precondition_failed(outcome, generation, now):
        return
    request = generation.required_request
    if now.taken_today >= DAILY_QUOTA:
        _refuse(outcome, generation, _quota_refusal(request, now.at), ())
        return
    outcome.facts.append(e.GenerationApproved(request.generation, generation.read_versions, {}))
    outcome.preconditions = generation.read_versions
    outcome.quota = [e.QuotaReserved(request.requested_by, request.generation, now.at.date().isoformat())]
    outcome.uses = uses(generation, "requested")
    outcome.starts_job = True


def _publish(outcome: Outcome, generation: Generation, now: DecisionContext) -> None:
    if not generation.is_clear(PROMPT_CHECKS | OUTPUT_CHECKS) or _precondition_failed(outcome, generation, now):
        return
    outcome.facts.append(e.GenerationPublished(generation.required_request.generation, generation.read_versions))
    outcome.preconditions = generation.read_versions
    outcome.uses = uses(generation, "published")


def _precondition_failed(outcome: Outcome, generation: Generation, now: DecisionContext) -> bool:
    again = request_recheck(generation, now.heads)
    if not again:
        return False
    if generation.recheck_count >= MAX_RECHECKS and generation.state == "requested":
        again = [
            e.GenerationHeldForReview(
                generation.required_request.generation,
                "prompt",
                "preconditions_keep_changing",
                "checked again 3 times",
                is_zero_tolerance=False,
                verdict="",
            )
        ]
    outcome.facts.extend(again)
    return True


def _release_quota(outcome: Outcome, generation: Generation) -> None:
    if generation.was_approved:
        request = generation.required_request
        outcome.quota = [e.QuotaReleased(request.requested_by, request.generation, "")]


def _quota_refusal(request: e.GenerationRequested, at: datetime) -> e.GenerationRefused:
    return e.GenerationRefused(
        generation=request.generation,
        stage="prompt",
        code="quota_exceeded",
        rule=f"at most {DAILY_QUOTA} generations per person and day",
        evidence=(),
        claimant="the operator",
        what_would_pass=QUOTA_HINT,
        appeal_deadline=(at + timedelta(days=APPEAL_DAYS)).date().isoformat(),
        verdict="",
    )


def _matched(verdict: Verdict) -> tuple[str, ...]:
    """People whose face a check found in the clip, requested or not."""
    return tuple(str(p) for p in verdict.features.get("matched_persons", ()))
