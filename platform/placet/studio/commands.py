"""Commands of the studio: load, decide, append."""

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
    """Request a clip. `image`: name of a picture in the requester's private store.

    With a `parent` it is a remix, or, if it `extends` the parent, a continuation from its end.
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
        """The generation's id, the same each time that the command is sent."""
        return GenerationId(str(uuid.uuid5(uuid.UUID(self.id), "generation")))


@retried
def request_generation(log: EventLog, command: RequestGeneration) -> GenerationId:
    """Record the request; the checks run next. Raises refusals of the studio."""
    _refuse_unusable(command)
    parent = _parent(log, command) if command.parent else None
    fact = e.GenerationRequested(
        generation=command.generation,
        requested_by=command.requested_by,
        prompt=command.prompt,
        cameos=_cameos(command, parent),
        mode=_mode(command),
        parent=command.parent,
        ancestors=(command.parent, *parent.required_request.ancestors) if command.parent and parent else (),
        image=command.image,
        seconds=command.seconds,
        width=command.width,
        height=command.height,
        fps=command.fps,
        seed=command.seed if command.seed is not None else uuid.UUID(command.generation).int % 2**31,
        engine=command.engine,
        region=command.region,
        unknown_likeness=command.unknown_likeness,
    )
    with event_context(EventMetadata(command.generation, actor=command.requested_by)):
        log.append(stream_of(command.generation), [fact], expected=0, command_id=command.id)
    return command.generation


@retried
def publish(log: EventLog, generation_id: GenerationId, by: PersonId, command_id: str) -> str:
    """Publish a draft. Returns `published`, or `draft` while checks run again; it is then published automatically."""
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
    """Cancel a generation before it is a draft."""
    generation = _of(log, generation_id, by)
    outcome = decide.cancel(generation, "requested by the creator")
    if not outcome.facts and generation.state != "cancelled":
        raise NothingToCancel
    with event_context(EventMetadata(generation_id, actor=by)):
        append_outcome(log, generation_id, generation.version, outcome, command_id)


def decision_context(log: Log, generation: Generation, at: datetime) -> DecisionContext:
    """Load the heads of the streams that the verdicts rest on, and the requester's quota of the day."""
    heads = log.heads(generation.read_versions) if generation.read_versions else {}
    quota = log.read(quota_of(generation.required_request.requested_by))
    return DecisionContext(heads, _taken(quota, at.date().isoformat()), at)


def append_outcome(log: Log, generation_id: str, version: int, outcome: Outcome, command_id: str | None = None) -> None:
    """Append one outcome: the generation's facts, its quota, and the uses last, in the order of their locks."""
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
    if generation.required_request.requested_by != by:
        raise NotGenerationOwner
    return generation


def _parent(log: EventLog, command: RequestGeneration) -> Generation:
    parent = Generation.replay(log.read(stream_of(str(command.parent))))
    if parent.request is None:
        raise GenerationNotFound(f"There is no generation {command.parent}.")
    is_own_draft = parent.state == "draft" and parent.required_request.requested_by == command.requested_by
    if parent.restrictions or not (parent.state == "published" or is_own_draft):
        raise ParentNotVisible
    return parent


def _mode(command: RequestGeneration) -> e.Mode:
    if command.parent:
        return "extend" if command.extends else "remix"
    return "image" if command.image else "text"


def _cameos(command: RequestGeneration, parent: Generation | None) -> tuple[PersonId, ...]:
    inherited = parent.required_request.cameos if parent else ()
    return tuple(sorted({*command.likenesses, *inherited}))


def _refuse_unusable(command: RequestGeneration) -> None:
    text = command.prompt
    if not text.strip() or len(text) > LONGEST_PROMPT or "\x00" in text or not _is_unicode(text):
        raise PromptInvalid
    if not 1 <= command.seconds <= LONGEST_SECONDS:
        raise ClipTooLong


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
