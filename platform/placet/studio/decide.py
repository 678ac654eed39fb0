"""What the studio decides, from a generation's own events and what the checks found. No clock, no database."""

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
"""Generations a person and day."""
MAX_BLOCKED_NOTICES_PER_HOUR: Final = 10
"""Blocked attempts that a person is told of one by one, for each asker."""
QUOTA_HINT: Final = "Ask again tomorrow: the quota counts by the day (UTC)."


@dataclass(slots=True)
class Outcome:
    """What to append: facts on the generation's stream, on what ground, and what goes with them elsewhere."""

    facts: list[object] = field(default_factory=list)
    preconditions: dict[str, int] = field(default_factory=dict)
    uses: list[CameoUsed] = field(default_factory=list)
    quota: list[object] = field(default_factory=list)
    starts_job: bool = False


@dataclass(frozen=True, slots=True)
class DecisionContext:
    """What is true outside the generation's stream at this moment."""

    heads: Mapping[str, int]
    """Present versions of the streams that the verdicts rest on."""
    taken_today: int
    at: datetime
    """When the event that is answered was recorded."""


def record(generation: Generation, verdict: Verdict, verdict_id: str, now: DecisionContext) -> Outcome:
    """Take note of a verdict; when it completes the set, go on in the same append."""
    if generation.state in ENDED or verdict.attempt < generation.attempt(verdict.check):
        return Outcome()
    known = generation.verdicts.get(verdict.check)
    if known is not None and known.attempt >= verdict.attempt:
        return Outcome()
    noted = e.VerdictRecorded(
        verdict.generation,
        verdict.check,
        verdict.attempt,
        verdict.outcome,
        verdict.read_versions,
        verdict.code,
        verdict_id,
    )
    generation.apply(noted)
    outcome = Outcome([noted])
    if verdict.outcome == "block" and verdict.code not in generation.released:
        _refuse(outcome, generation, refusal_of(verdict, verdict_id, now.at), _matched(verdict))
    elif verdict.outcome == "hold" and verdict.code not in generation.released:
        _hold(outcome, generation, verdict, verdict_id)
    else:
        advance(outcome, generation, now)
    return outcome


def advance(outcome: Outcome, generation: Generation, now: DecisionContext) -> None:
    """The next step, if everything it needs is clear and still stands on its ground."""
    if generation.state == "requested" and generation.is_clear(PROMPT_CHECKS):
        _approve(outcome, generation, now)
    elif generation.state == "rendered" and generation.is_clear(PROMPT_CHECKS | OUTPUT_CHECKS):
        outcome.facts.append(e.OutputApproved(generation.asked.generation))
    elif generation.state == "draft" and generation.is_publication_requested:
        _publish(outcome, generation, now)


def request_publication(generation: Generation, now: DecisionContext) -> Outcome:
    """The asker wants it shown: at once, or as soon as the checks whose ground has moved have looked again."""
    outcome = Outcome()
    if not generation.is_publication_requested:
        asked = e.PublicationRequested(generation.asked.generation)
        generation.apply(asked)
        outcome.facts.append(asked)
    _publish(outcome, generation, now)
    return outcome


def request_recheck(generation: Generation, heads: Mapping[str, int]) -> list[object]:
    """Ask the checks again whose ground has moved. Empty when it stands, or while they are being asked already."""
    moved = frozenset(s for s, version in generation.read_versions.items() if heads[s] != version)
    checks = tuple(c for c in generation.resting_on(moved) if not generation.is_waiting_for(frozenset({c})))
    if not checks:
        return []
    attempt = 1 + max(generation.attempt(c) for c in checks)
    return [e.RecheckRequested(generation.asked.generation, checks, attempt)]


def release_hold(generation: Generation, fact: e.HoldReleased, now: DecisionContext) -> Outcome:
    """A reviewer let it pass: on from where it stopped."""
    if generation.state not in {"held", "refused"}:
        return Outcome()
    outcome = Outcome([fact])
    generation.apply(fact)
    advance(outcome, generation, now)
    return outcome


def refuse_by_hand(generation: Generation, refusal: e.GenerationRefused) -> Outcome:
    """A reviewer refused what was held."""
    outcome = Outcome()
    if generation.state not in ENDED:
        _refuse(outcome, generation, refusal, ())
    return outcome


def cancel(generation: Generation, reason: str) -> Outcome:
    """End it before it is a draft. Quota that was taken is given back."""
    outcome = Outcome()
    if generation.state in ENDED or generation.state in {"draft", "published"}:
        return outcome
    outcome.facts.append(e.GenerationCancelled(generation.asked.generation, reason))
    _release_quota(outcome, generation)
    return outcome


def end_run(generation: Generation, fact: e.GenerationFailed | e.PromptUnsupported) -> Outcome:
    """A run that gave no clip. Quota is given back."""
    outcome = Outcome()
    if generation.state in IN_JOB:
        outcome.facts.append(fact)
        _release_quota(outcome, generation)
    return outcome


def sign(generation: Generation, fact: e.GenerationSigned) -> Outcome:
    """The signed file exists: it is a draft, and everyone it shows is told in the same append."""
    if generation.state != "output_approved":
        return Outcome()
    generation.apply(fact)
    return Outcome([fact], uses=uses(generation, "draft"))


def refusal_of(verdict: Verdict, verdict_id: str, at: datetime) -> e.GenerationRefused:
    """What the asker is told: rule, evidence, claimant, what would pass (never for the floor), appeal deadline."""
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
    """One use for each person shown, and for each whose face was found, in sorted order (the order of their locks)."""
    asked = generation.asked
    return [
        CameoUsed(PersonId(person), asked.generation, asked.requested_by, stage, asked.parent, code)
        for person in sorted({*asked.cameos, *also})
        if person != asked.requested_by or person in asked.cameos
    ]


def capped(use: CameoUsed, told: Sequence[tuple[CameoUsed, datetime | None]], at: datetime) -> CameoUsed | None:
    """A blocked attempt as the person is told of it: at most 10 an hour from one asker, then once that there are more.

    `told`: the last uses with the time of each (None: in this very batch).
    """
    if use.stage != "blocked":
        return use
    hour = [
        t for t, when in told
        if t.stage == "blocked"
        and t.requested_by == use.requested_by
        and (when is None or at - when < timedelta(hours=1))
    ]  # fmt: skip
    if len(hour) < MAX_BLOCKED_NOTICES_PER_HOUR:
        return use
    return None if any(t.is_summary for t in hour) else replace(use, is_summary=True)


def apply_restriction(generation: Generation, reason: str, opened_by: str) -> list[e.RestrictionApplied]:
    """A reason against showing, once per event that opens it; only for what has bytes to show."""
    if opened_by in generation.restrictions or generation.request is None:
        return []
    return [e.RestrictionApplied(GenerationId(generation.asked.generation), reason, opened_by)]


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
    asked = generation.asked
    if now.taken_today >= DAILY_QUOTA:
        _refuse(outcome, generation, _quota_refusal(asked, now.at), ())
        return
    outcome.facts.append(e.GenerationApproved(asked.generation, generation.read_versions, {}))
    outcome.preconditions = generation.read_versions
    outcome.quota = [e.QuotaReserved(asked.requested_by, asked.generation, now.at.date().isoformat())]
    outcome.uses = uses(generation, "requested")
    outcome.starts_job = True


def _publish(outcome: Outcome, generation: Generation, now: DecisionContext) -> None:
    if not generation.is_clear(PROMPT_CHECKS | OUTPUT_CHECKS) or _precondition_failed(outcome, generation, now):
        return
    outcome.facts.append(e.GenerationPublished(generation.asked.generation, generation.read_versions))
    outcome.preconditions = generation.read_versions
    outcome.uses = uses(generation, "published")


def _precondition_failed(outcome: Outcome, generation: Generation, now: DecisionContext) -> bool:
    again = request_recheck(generation, now.heads)
    if not again:
        return False
    if generation.recheck_count >= MAX_RECHECKS and generation.state == "requested":
        again = [
            e.GenerationHeldForReview(
                generation.asked.generation,
                "prompt",
                "preconditions_keep_changing",
                "asked again 3 times",
                is_zero_tolerance=False,
                verdict="",
            )
        ]
    outcome.facts.extend(again)
    return True


def _release_quota(outcome: Outcome, generation: Generation) -> None:
    if generation.was_approved:
        asked = generation.asked
        outcome.quota = [e.QuotaReleased(asked.requested_by, asked.generation, "")]


def _quota_refusal(asked: e.GenerationRequested, at: datetime) -> e.GenerationRefused:
    return e.GenerationRefused(
        generation=asked.generation,
        stage="prompt",
        code="quota_exceeded",
        rule=f"at most {DAILY_QUOTA} generations a person and day",
        evidence=(),
        claimant="the operator",
        what_would_pass=QUOTA_HINT,
        appeal_deadline=(at + timedelta(days=APPEAL_DAYS)).date().isoformat(),
        verdict="",
    )


def _matched(verdict: Verdict) -> tuple[str, ...]:
    """Persons whose face a check has found in the clip, asked for or not."""
    return tuple(str(p) for p in verdict.features.get("matched_persons", ()))
