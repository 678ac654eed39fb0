"""Consumers of the studio: record verdicts and signatures, apply decisions, cascade restrictions, erase people."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from moderation.events import CaseDecided, PolicyChecked, QualityChecked
from placet.eventlog.consumers.delivery import Delivery, UnitOfWork
from placet.eventlog.consumers.runner import consume
from placet.eventlog.failpoints import failpoint
from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import RecordedEvent, current_log
from placet.kernel.ids import GenerationId
from placet.kernel.verdict import Verdict
from placet.likeness.events import (
    CameoUsed,
    ClipRemoved,
    ConsentChecked,
    ConsentLevelSet,
    ConsentRevoked,
    FacesChecked,
    GrantRevoked,
)
from placet.media.blobs import Area
from placet.media.storage import blobs, private
from placet.people.erasure import drop_mails, drop_rows
from placet.people.events import ErasurePrepared, ErasureRequested, PersonErased
from placet.rights.events import OutputRightsChecked, PromptRightsChecked
from placet.studio import commands, decide, erasure, queries
from placet.studio import events as e
from placet.studio.generation import Generation, stream_of
from placet.studio.jobs import shape_of
from provenance.events import ClipSigned

LAST_USES: Final = 100
REVIEWER_REFUSAL_HINT: Final = "A prompt without what the rule names; the decision states the reviewer's reason."


def _load_generations(events: Sequence[RecordedEvent], gathered: UnitOfWork) -> None:
    """One query for all generations of a batch, one for their quotas."""
    ids = {event.fact.generation for event in events}
    gathered.preload(stream_of(i) for i in ids)
    requests = [gathered.read(stream_of(i)).events for i in ids]
    gathered.preload(commands.quota_of(r[0].fact.requested_by) for r in requests if r)


@consume(
    PolicyChecked, ConsentChecked, PromptRightsChecked, QualityChecked, FacesChecked, OutputRightsChecked,
    name="studio.record_verdicts", never_skips=True, prefetch=_load_generations,
)  # fmt: skip
def record_verdicts(verdict: Verdict, delivery: Delivery) -> None:
    """Never skips: a verdict that cannot be recorded stops here, and its generation waits."""
    generation = Generation.replay(delivery.read(stream_of(verdict.generation)))
    version = generation.version
    context = _decision_context(delivery, generation, verdict)
    outcome = decide.record(generation, verdict, delivery.event_id, context)
    _write(delivery, generation, version, outcome)


@consume(ClipSigned, name="studio.record_signatures", never_skips=True)
def record_signatures(fact: ClipSigned, delivery: Delivery) -> None:
    """Never skips: this write creates the draft and the notices of the people shown."""
    generation = Generation.replay(delivery.read(stream_of(fact.generation)))
    version = generation.version
    if generation.state == "cancelled":
        blobs().erase(fact.sha256, Area.RELEASED)  # signed while it was being cancelled: nothing of it is kept
        return
    outcome = decide.sign(generation, e.GenerationSigned(fact.generation, fact.sha256, fact.manifest))
    _write(delivery, generation, version, outcome)


@consume(CaseDecided, name="studio.apply_decisions", never_skips=True)
def apply_decisions(fact: CaseDecided, delivery: Delivery) -> None:
    """Never skips: a reviewer's decision takes effect, or waits."""
    if not fact.subject.startswith("generation-"):
        return
    generation = Generation.replay(delivery.read(fact.subject))
    version = generation.version
    if fact.decision in {"approve", "overturn"}:
        released = e.HoldReleased(generation.required_request.generation, fact.case, fact.decided_by)
        context = commands.decision_context(delivery, generation, delivery.event.at)
        _write(delivery, generation, version, decide.release_hold(generation, released, context))
    elif fact.decision == "reject" and generation.held is not None:
        refusal = _reviewer_refusal(generation, generation.held, delivery)
        _write(delivery, generation, version, decide.refuse_held(generation, refusal))


@consume(
    ConsentRevoked,
    GrantRevoked,
    ClipRemoved,
    CaseDecided,
    name="studio.cascade_restrictions",
    never_skips=True,
    batch_size=1,
)
def cascade_restrictions(fact: object, delivery: Delivery) -> None:
    """Never skips: applies a restriction to every clip concerned, descendants included."""
    position = delivery.event.position
    match fact:
        case ConsentRevoked(person=person):
            concerned, reason = queries.not_yet_revoked(person, position), queries.REVOKED
        case GrantRevoked(person=person, to=requester):
            concerned, reason = queries.not_yet_revoked(person, position, requested_by=requester), queries.REVOKED
        case ClipRemoved(generation=generation):
            concerned, reason = queries.with_descendants(generation, position), "removed_by_person"
        case CaseDecided(decision="remove", subject=subject):
            concerned, reason = (
                queries.with_descendants(subject.removeprefix("generation-"), position),
                "removed_by_reviewer",
            )
        case _:
            return
    _apply_restriction(concerned, reason, delivery)


@consume(ErasureRequested, name="studio.prepare_erasure", never_skips=True, batch_size=1)
def prepare_erasure(fact: ErasureRequested, delivery: Delivery) -> None:
    """Never skips. Destroys the key first, so that nothing new can start after the generations here are ended."""
    erasure.destroy_key(fact.person)
    failpoint("erase.key_destroyed")
    consent = delivery.read(stream_name(ConsentLevelSet, fact.person))
    delivery.append(consent.name, [ConsentRevoked(fact.person)], expected=consent.version)
    concerned = queries.involving(fact.person, current_log().last_position)
    delivery.preload(stream_of(i) for i in concerned)
    for concerned_id in concerned:
        generation = Generation.replay(delivery.read(stream_of(concerned_id)))
        commands.append_outcome(
            delivery, generation.required_request.generation, generation.version, erasure.ended(generation, delivery)
        )
    delivery.append(delivery.event.stream, [ErasurePrepared(fact.person)], expected=delivery.event.version)


@consume(ErasurePrepared, name="studio.erase_person", never_skips=True, batch_size=1)
def erase_person(fact: ErasurePrepared, delivery: Delivery) -> None:
    """Never skips; every step is idempotent. Deletes clips, files, mails and rows, then acknowledges the erasure."""
    concerned = queries.involving(fact.person, delivery.event.position)
    erasure.wait_for_jobs(concerned)
    streams = [delivery.read(stream_of(i)) for i in concerned]
    clips = erasure.drop_clips(streams)
    failpoint("erase.clips_dropped")
    files = private().drop_all(fact.person)
    failpoint("erase.files_dropped")
    drop_mails(fact.person)
    drop_rows(fact.person)
    failpoint("erase.rows_dropped")
    erased = PersonErased(fact.person, clips, files)
    delivery.append(delivery.event.stream, [erased], expected=delivery.event.version)


def _apply_restriction(concerned: Sequence[str], reason: str, delivery: Delivery) -> None:
    """Reads only heads, so that a person in ten thousand clips can revoke all of them at once."""
    heads = delivery.heads(stream_of(i) for i in concerned)
    for generation_id in concerned:
        if head := heads[stream_of(generation_id)]:
            fact = e.RestrictionApplied(GenerationId(generation_id), reason, delivery.event_id)
            delivery.append(stream_of(generation_id), [fact], expected=head)


def _decision_context(delivery: Delivery, generation: Generation, verdict: Verdict) -> decide.DecisionContext:
    """The present heads for the read versions of this verdict and of those already recorded."""
    context = commands.decision_context(delivery, generation, delivery.event.at)
    missing = [s for s in verdict.read_versions if s not in context.heads]
    return decide.DecisionContext({**context.heads, **delivery.heads(missing)}, context.taken_today, context.at)


def _write(delivery: Delivery, generation: Generation, version: int, outcome: decide.Outcome) -> None:
    request = generation.required_request
    outcome.uses = [capped for use in outcome.uses if (capped := _capped(use, delivery))]
    commands.append_outcome(delivery, request.generation, version, outcome)
    if outcome.starts_job:
        delivery.plan(
            "job", {"generation": request.generation, **shape_of(request)}, key="job", fairness_key=request.requested_by
        )


def _capped(use: CameoUsed, delivery: Delivery) -> CameoUsed | None:
    if use.stage != "blocked":
        return use
    recent = [(ev.fact, ev.recorded_at) for ev in delivery.read_last(stream_name(CameoUsed, use.person), LAST_USES)]
    return decide.capped(use, recent, delivery.event.at)


def _reviewer_refusal(
    generation: Generation, held: e.GenerationHeldForReview, delivery: Delivery
) -> e.GenerationRefused:
    until = delivery.event.at + timedelta(days=decide.APPEAL_DAYS)
    return e.GenerationRefused(
        generation=generation.required_request.generation,
        stage=held.stage,
        code=held.code,
        rule=held.rule,
        evidence=(),
        claimant="a reviewer",
        what_would_pass="" if held.is_zero_tolerance else REVIEWER_REFUSAL_HINT,
        appeal_deadline=until.date().isoformat(),
        verdict=held.verdict,
    )
