"""Consumers of moderation: the policy and quality checks, and the cases for reviewers."""

import uuid
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from moderation import events as e
from moderation.policies import CURRENT, load
from moderation.quality_gate import GateResult, run_gate
from moderation.rules import PolicyResult, Rulebook, judge
from placet.eventlog.consumers.delivery import Delivery, UnitOfWork
from placet.eventlog.consumers.runner import consume
from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import RecordedEvent
from placet.kernel.ids import CaseId
from placet.media.blobs import Area
from placet.media.sandbox_client import measure
from placet.media.storage import blobs
from placet.rights.events import FilingHeld, OptOutFiled
from placet.studio.events import (
    GenerationHeldForReview,
    GenerationRendered,
    GenerationRequested,
    RecheckRequested,
    attempt_for,
    is_cancelled,
)
from placet.text.embedder import embedder
from placet.text.embeddings import CachingEmbedder

OPERATOR: Final = "the operator's policy"
ANOTHER_SEED: Final = "Request it again: another seed gives another clip."


@cache
def _zero_tolerance_codes() -> frozenset[str]:
    """Refusals that nobody can override, and that the ordinary queue does not show."""
    return frozenset(policy.code for policy in load(CURRENT).policies if policy.is_zero_tolerance)


@cache
def _rulebook(shared: CachingEmbedder) -> Rulebook:
    return Rulebook(load(CURRENT), shared)


def _embed_prompts(events: Sequence[RecordedEvent], gathered: UnitOfWork) -> None:
    """Embed all prompts of a batch in one call of the model."""
    gathered.preload(event.stream for event in events if isinstance(event.fact, RecheckRequested))
    prompts = [str(event.fact.prompt) for event in events if isinstance(event.fact, GenerationRequested)]
    if prompts:
        embedder().embed(prompts)


@consume(
    GenerationRequested,
    RecheckRequested,
    name="moderation.check_policy",
    requires_models=True,
    never_skips=True,
    prefetch=_embed_prompts,
)
def check_policy(fact: GenerationRequested | RecheckRequested, delivery: Delivery) -> None:
    """Never skips: without the model there is no verdict, and the generation waits."""
    attempt = attempt_for(fact, "policy")
    if attempt is None:
        return
    prompt = str(delivery.request_of(fact).prompt)
    shared = embedder()
    judgement = judge(prompt, shared.embed([prompt])[0], _rulebook(shared))
    delivery.answer(stream_name(e.PolicyChecked, fact.generation), _prompt_verdict(fact, attempt, judgement), attempt)


@consume(GenerationRendered, name="moderation.check_quality", never_skips=True, batch_size=4)
def check_quality(fact: GenerationRendered, delivery: Delivery) -> None:
    """Never skips: a clip that cannot be measured is not cleared."""
    if is_cancelled(delivery.read(stream_name(GenerationRequested, fact.generation)).facts):
        return
    measures = measure(blobs().read(fact.sha256, Area.QUARANTINE))
    verdict = _clip_verdict(fact, run_gate(measures, requested_seconds=fact.seconds))
    delivery.append(stream_name(e.QualityChecked, fact.generation), [verdict], expected=0)


@consume(
    GenerationHeldForReview, e.AppealFiled, e.ClipReported, FilingHeld, name="moderation.open_cases", never_skips=True
)
def open_cases(fact: Any, delivery: Delivery) -> None:
    """Never skips: opens a case for everything that a reviewer must decide."""
    opened = _case(fact, CaseId(str(uuid.uuid5(uuid.UUID(delivery.event_id), "case"))), delivery)
    delivery.append(stream_name(e.CaseOpened, opened.case), [opened], expected=0)


def _prompt_verdict(
    fact: GenerationRequested | RecheckRequested, attempt: int, result: PolicyResult
) -> e.PolicyChecked:
    return e.PolicyChecked(
        generation=fact.generation,
        check="policy",
        attempt=attempt,
        outcome=result.outcome,
        code=result.code or "",
        rule=result.rule or "",
        evidence=tuple({"span": list(span)} for span in result.spans),
        claimant=OPERATOR if result.code else "",
        what_would_pass=result.what_would_pass or "",
        features={"scores": _plain(result.scores), "thresholds": {k: dict(v) for k, v in result.thresholds.items()}},
        versions={"policy": result.policy_version, "model": result.model},
        is_zero_tolerance=result.is_zero_tolerance,
    )


def _clip_verdict(fact: GenerationRendered, result: GateResult) -> e.QualityChecked:
    common: dict[str, Any] = {"features": result.features, "versions": {"gate": result.version}}
    if not result.failed:
        return e.QualityChecked(fact.generation, "quality", 1, "clear", **common)
    return e.QualityChecked(
        fact.generation,
        "quality",
        1,
        "block",
        code="quality_gate",
        rule="; ".join(result.failed),
        claimant="the quality gate",
        what_would_pass=ANOTHER_SEED,
        **common,
    )


def _plain(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: round(float(score), 4) for name, score in scores.items()}


def _case(fact: Any, case: CaseId, delivery: Delivery) -> e.CaseOpened:
    opened_by = delivery.event_id
    match fact:
        case GenerationHeldForReview():
            subject = stream_name(GenerationRequested, fact.generation)
            return e.CaseOpened(case, "hold", subject, fact.code, fact.rule, fact.is_zero_tolerance, (), opened_by)
        case e.AppealFiled():
            return _appeal_case(fact, case, delivery)
        case e.ClipReported():
            subject = stream_name(GenerationRequested, fact.generation)
            return e.CaseOpened(
                case,
                "report",
                subject,
                "reported",
                fact.reason,
                is_zero_tolerance=False,
                excluded_reviewers=(fact.reported_by,),
                opened_by_event=opened_by,
            )
        case FilingHeld():
            subject = stream_name(OptOutFiled, fact.filing)
            return e.CaseOpened(
                case,
                "filing",
                subject,
                "filing_too_broad",
                fact.reason,
                is_zero_tolerance=False,
                excluded_reviewers=(),
                opened_by_event=opened_by,
            )
    raise TypeError(type(fact).__name__)


def _appeal_case(fact: e.AppealFiled, case: CaseId, delivery: Delivery) -> e.CaseOpened:
    generation = delivery.read(stream_name(GenerationRequested, fact.generation))
    refusal = next(ev.fact for ev in generation if ev.event_id == fact.refusal)
    return e.CaseOpened(
        case,
        "appeal",
        generation.name,
        refusal.code,
        refusal.rule,
        is_zero_tolerance=refusal.code in _zero_tolerance_codes(),
        excluded_reviewers=tuple(sorted({*fact.excluded_reviewers, fact.appellant})),
        opened_by_event=delivery.event_id,
    )
