"""Consumers of the rights room: prompts and outputs against opt-outs in force; new filings against published clips."""

from collections.abc import Sequence
from typing import Any, Final

from moderation.events import CaseDecided
from placet.eventlog.consumers.delivery import Delivery, UnitOfWork
from placet.eventlog.consumers.runner import consume
from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import RecordedEvent
from placet.rights import events as e
from placet.rights.aggregate import OPT_OUTS
from placet.rights.matching.index import OptOutsInForce, entry
from placet.rights.matching.matcher import BLOCK_FROM, HOLD_FROM, Match, OptOutIndex
from placet.rights.matching.published_clips import published_prompts
from placet.studio.events import GenerationRendered, GenerationRequested, RecheckRequested, attempt_for, drawn_in
from placet.text.embedder import embedder

IN_FORCE: Final = OptOutsInForce()
RULE: Final = "the subject is opted out of generation"
SUGGESTION: Final = "The same scene without the named subject, or the rights holder's permission."
MAX_LISTED: Final = 500


def _embed_prompts(events: Sequence[RecordedEvent], _gathered: UnitOfWork) -> None:
    """Embed all prompts of a batch in one call of the model; another check may have cached them already."""
    if prompts := [str(event.fact.prompt) for event in events if isinstance(event.fact, GenerationRequested)]:
        embedder().embed(prompts)


@consume(
    GenerationRequested, RecheckRequested,
    name="rights.check_prompt_rights", requires_models=True, never_skips=True, prefetch=_embed_prompts,
)  # fmt: skip
def check_prompt_rights(fact: GenerationRequested | RecheckRequested, delivery: Delivery) -> None:
    """Never skips: while the opt-outs cannot be read up to their head, nothing passes."""
    attempt = attempt_for(fact, "prompt_rights")
    if attempt is None:
        return
    request: GenerationRequested = delivery.request_of(fact)
    matches, common = _matches(str(request.prompt), request, delivery)
    verdict = e.PromptRightsChecked(fact.generation, "prompt_rights", attempt, **_verdict_fields(matches), **common)
    delivery.answer(stream_name(e.PromptRightsChecked, fact.generation), verdict, attempt)


@consume(
    GenerationRendered, RecheckRequested, name="rights.check_output_rights", requires_models=True, never_skips=True
)
def check_output_rights(fact: GenerationRendered | RecheckRequested, delivery: Delivery) -> None:
    """Check the caption of what the engine drew. Never skips."""
    attempt = attempt_for(fact, "output_rights")
    if attempt is None:
        return
    generation = delivery.read(stream_name(GenerationRequested, fact.generation))
    matches, common = _matches(str(drawn_in(generation.facts)), generation.facts[0], delivery)
    stream = delivery.read(stream_name(e.OutputRightsChecked, fact.generation))
    verdict = e.OutputRightsChecked(fact.generation, "output_rights", attempt, **_verdict_fields(matches), **common)
    delivery.append(stream.name, [verdict], expected=stream.version)


@consume(e.OptOutActivated, name="rights.find_existing_matches", requires_models=True, never_skips=True)
def find_existing_matches(fact: e.OptOutActivated, delivery: Delivery) -> None:
    """List published clips that a new filing matches, for a reviewer; nothing is taken down."""
    stream = delivery.read(stream_name(e.OptOutFiled, fact.filing))
    index = OptOutIndex(embedder())
    index.add(entry(stream.facts[0]))
    prompts = published_prompts(delivery.event.position, MAX_LISTED)
    vectors = embedder().embed([prompt for _, prompt in prompts])
    listed = tuple(
        {"generation": generation, "kind": matches[0].kind, "similarity": matches[0].similarity}
        for (generation, prompt), vector in zip(prompts, vectors, strict=True)
        if (matches := index.match(prompt, vector, "*", delivery.event.at))
    )
    delivery.append(stream.name, [e.ExistingMatchesFound(fact.filing, listed)], expected=stream.version)


@consume(CaseDecided, name="rights.apply_decisions", never_skips=True)
def apply_decisions(fact: CaseDecided, delivery: Delivery) -> None:
    """Activate or reject a filing that waited for a reviewer. Never skips."""
    if fact.kind != "filing":
        return
    stream = delivery.read(fact.subject)
    filing = stream.facts[0].filing
    if fact.decision == "approve":
        head = delivery.heads([OPT_OUTS])[OPT_OUTS]
        delivery.append(OPT_OUTS, [e.OptOutActivated(filing, fact.decided_by)], expected=head)
    else:
        delivery.append(stream.name, [e.FilingRejected(filing, fact.decided_by)], expected=stream.version)


def _matches(text: str, request: GenerationRequested, delivery: Delivery) -> tuple[list[Match], dict[str, Any]]:
    index, version = IN_FORCE.up_to_date(delivery)
    vector = embedder().embed([text])[0]
    matches = index.match(text, vector, request.region, delivery.event.at)
    features = {
        "filings": sorted({m.filing for m in matches}),
        "matches": [{"kind": m.kind, "similarity": m.similarity, "threshold": m.threshold} for m in matches],
        "hold_from": HOLD_FROM,
        "block_from": BLOCK_FROM,
    }
    versions = {"opt_outs": str(version), "model": index.model}
    return matches, {"read_versions": {OPT_OUTS: version}, "features": features, "versions": versions}


def _verdict_fields(matches: list[Match]) -> dict[str, Any]:
    if not matches:
        return {"outcome": "clear"}
    return {
        "outcome": matches[0].outcome,
        "code": "opt_out_matched",
        "rule": RULE,
        "evidence": tuple({"filing": m.filing, "kind": m.kind, "span": list(m.span)} for m in matches),
        "claimant": "a rights holder",
        "what_would_pass": SUGGESTION,
    }
