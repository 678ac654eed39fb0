"""The studio's writers: load, decide, append."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import ANY, Append, EventLog, EventMetadata, Log, Stream, event_context
from placet.eventlog.store.retry import retried
from placet.kernel.ids import GenerationId, PersonId
from placet.likeness.events import CameoUsed
from placet.studio import decide
from placet.studio import events as e
from placet.studio.decide import DecisionContext, Outcome
from placet.studio.generation import Generation, stream_of
from placet.studio.refusals import (
    ClipTooLong,
    GenerationNotFound,
    NotADraft,
    NotGenerationOwner,
    NothingToCancel,
    ParentNotVisible,
    PromptInvalid,
    RestrictionInForce,
)
from placet.ui.region import UNKNOWN

LONGEST_PROMPT = 2_000
LONGEST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class RequestGeneration:
    """What somebody asks for. `image`: name of a picture in the asker's private store.

    Of a `parent` it is a remix, or, where it `extends` it, what comes after its end.
    """

    id: str
    requested_by: PersonId
    prompt: str
    likenesses: tuple[PersonId, ...] = ()
    unknown_likeness: bool = False
    parent: GenerationId | None = None
    extends: bool = False
    image: str | None = None
    seconds: float = 4.0
    width: int = 360
    height: int = 640
    fps: int = 24
    engine: str = "scene"
    region: str = UNKNOWN
    seed: int | None = field(default=None)

    @property
    def generation(self) -> GenerationId:
        """The id that this ask will have, however often it is sent."""
        return GenerationId(str(uuid.uuid5(uuid.UUID(self.id), "generation")))


@retried
def request_generation(log: EventLog, ask: RequestGeneration) -> GenerationId:
    """Record the request; the checks answer next. Raises refusals of the studio."""
    _refuse_unusable(ask)
    parent = _parent(log, ask) if ask.parent else None
    fact = e.GenerationRequested(
        generation=ask.generation,
        requested_by=ask.requested_by,
        prompt=ask.prompt,
        cameos=_cameos(ask, parent),
        mode=_mode(ask),
        parent=ask.parent,
        ancestors=(ask.parent, *parent.asked.ancestors) if ask.parent and parent else (),
        image=ask.image,
        seconds=ask.seconds,
        width=ask.width,
        height=ask.height,
        fps=ask.fps,
        seed=ask.seed if ask.seed is not None else uuid.UUID(ask.generation).int % 2**31,
        engine=ask.engine,
        region=ask.region,
        unknown_likeness=ask.unknown_likeness,
    )
    with event_context(EventMetadata(ask.generation, actor=ask.requested_by)):
        log.append(stream_of(ask.generation), [fact], expected=0, command_id=ask.id)
    return ask.generation


@retried
def publish(log: EventLog, generation_id: GenerationId, by: PersonId, command_id: str) -> str:
    """Show a draft to everyone. Answers `published`, or `draft` while checks look again; the rest follows by itself."""
    generation = _of(log, generation_id, by)
    if generation.state == "published":
        return "published"
    if generation.state != "draft":
        raise NotADraft(f"generation {generation_id} is {generation.state}.")
    if generation.restrictions:
        raise RestrictionInForce
    outcome = decide.request_publication(generation, decision_context(log, generation, datetime.now(UTC)))
    with event_context(EventMetadata(generation_id, actor=by)):
        append_outcome(log, generation_id, generation.version, outcome, command_id)
    return "published" if any(isinstance(f, e.GenerationPublished) for f in outcome.facts) else "draft"


@retried
def cancel(log: EventLog, generation_id: GenerationId, by: PersonId, command_id: str) -> None:
    """End it before it is a draft."""
    generation = _of(log, generation_id, by)
    outcome = decide.cancel(generation, "asked by the creator")
    if not outcome.facts and generation.state != "cancelled":
        raise NothingToCancel
    with event_context(EventMetadata(generation_id, actor=by)):
        append_outcome(log, generation_id, generation.version, outcome, command_id)


def decision_context(log: Log, generation: Generation, at: datetime) -> DecisionContext:
    """Look around: the heads of what the verdicts rest on, and the asker's quota of the day."""
    heads = log.heads(generation.read_versions) if generation.read_versions else {}
    quota = log.read(quota_of(generation.asked.requested_by))
    return DecisionContext(heads, _taken(quota, at.date().isoformat()), at)


def append_outcome(log: Log, generation_id: str, version: int, outcome: Outcome, command_id: str | None = None) -> None:
    """Append all that one decision says: the generation's facts, its quota, and the uses last, under their locks."""
    if not outcome.facts:
        return
    writes = [Append(stream_of(generation_id), outcome.facts, version, outcome.preconditions, command_id)]
    if outcome.quota:
        quota = quota_of(outcome.quota[0].person)  # type: ignore[attr-defined]  # QuotaReserved or QuotaReleased
        writes.append(Append(quota, outcome.quota, log.read(quota).version, command_id=command_id))
    writes += [Append(stream_name(CameoUsed, use.person), [use], ANY, command_id=command_id) for use in outcome.uses]
    log.append_all(writes)


def quota_of(person: str) -> str:
    """The stream of a person's quota."""
    return stream_name(e.QuotaReserved, person)


def _taken(quota: Stream, day: str) -> int:
    facts = quota.facts
    taken = {f.generation for f in facts if isinstance(f, e.QuotaReserved) and f.day == day}
    return len(taken - {f.generation for f in facts if isinstance(f, e.QuotaReleased)})


def _of(log: EventLog, generation_id: GenerationId, by: PersonId) -> Generation:
    generation = Generation.replay(log.read(stream_of(generation_id)))
    if generation.request is None:
        raise GenerationNotFound(f"There is no generation {generation_id}.")
    if generation.asked.requested_by != by:
        raise NotGenerationOwner
    return generation


def _parent(log: EventLog, ask: RequestGeneration) -> Generation:
    parent = Generation.replay(log.read(stream_of(str(ask.parent))))
    if parent.request is None:
        raise GenerationNotFound(f"There is no generation {ask.parent}.")
    is_own_draft = parent.state == "draft" and parent.asked.requested_by == ask.requested_by
    if parent.restrictions or not (parent.state == "published" or is_own_draft):
        raise ParentNotVisible
    return parent


def _mode(ask: RequestGeneration) -> e.Mode:
    if ask.parent:
        return "extend" if ask.extends else "remix"
    return "image" if ask.image else "text"


def _cameos(ask: RequestGeneration, parent: Generation | None) -> tuple[PersonId, ...]:
    inherited = parent.asked.cameos if parent else ()
    return tuple(sorted({*ask.likenesses, *inherited}))


def _refuse_unusable(ask: RequestGeneration) -> None:
    text = ask.prompt
    if not text.strip() or len(text) > LONGEST_PROMPT or "\x00" in text or not _is_unicode(text):
        raise PromptInvalid
    if not 1 <= ask.seconds <= LONGEST_SECONDS:
        raise ClipTooLong


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
