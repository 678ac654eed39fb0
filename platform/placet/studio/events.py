"""Studio: the life of one generation, from the request to its standing in the feed."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from placet.eventlog.store.event import Encrypted, EncryptedFor, GenerationId, PersonId, event
from placet.kernel.verdict import Check, CheckOutcome

Mode = Literal["text", "image", "remix", "extend"]


@event("studio.generation_requested.v1", stream="generation")
class GenerationRequested:
    """Somebody asked for a clip. `cameos` are all persons to be shown, the parent's included."""

    generation: GenerationId
    requested_by: PersonId
    prompt: Annotated[Encrypted, EncryptedFor("requested_by")]
    cameos: tuple[PersonId, ...]
    mode: Mode
    parent: GenerationId | None
    ancestors: tuple[GenerationId, ...]
    """From the parent up to the first clip."""
    image: str | None
    """Name in the asker's private store."""
    seconds: float
    width: int
    height: int
    fps: int
    seed: int
    engine: str
    region: str
    unknown_likeness: bool = False
    """A likeness was named that nobody here has enrolled."""


@event("studio.verdict_recorded.v1", stream="generation")
class VerdictRecorded:
    """One check's verdict, as the studio took note of it."""

    generation: GenerationId
    check: Check
    attempt: int
    outcome: CheckOutcome
    read_versions: dict[str, int]
    code: str
    verdict: str
    """Id of the check's own event, where the evidence is."""


@event("studio.recheck_requested.v1", stream="generation")
class RecheckRequested:
    """A stream that a verdict rested on has moved: those checks look again, and nothing goes on until they have."""

    generation: GenerationId
    checks: tuple[Check, ...]
    attempt: int


@event("studio.generation_held_for_review.v1", stream="generation")
class GenerationHeldForReview:
    """A check was uncertain, or the ground kept moving: a reviewer decides."""

    generation: GenerationId
    stage: Literal["prompt", "output"]
    code: str
    rule: str
    is_zero_tolerance: bool
    verdict: str


@event("studio.hold_released.v1", stream="generation")
class HoldReleased:
    """A reviewer let it go on. `check` counts as clear from now on, on the ground that it stood on."""

    generation: GenerationId
    case: str
    decided_by: PersonId


@event("studio.generation_approved.v1", stream="generation")
class GenerationApproved:
    """All checks are clear on the ground named here. One generation of the day's quota is taken with it."""

    generation: GenerationId
    read_versions: dict[str, int]
    versions: dict[str, str]


@event("studio.generation_refused.v1", stream="generation")
class GenerationRefused:
    """The rule, the evidence, whose claim it is, what would pass, and until when it can be appealed."""

    generation: GenerationId
    stage: Literal["prompt", "output"]
    code: str
    rule: str
    evidence: tuple[dict[str, Any], ...]
    claimant: str
    what_would_pass: str
    appeal_deadline: str
    verdict: str


@event("studio.generation_started.v1", stream="generation")
class GenerationStarted:
    generation: GenerationId
    job: str
    token: int


@event("studio.generation_rendered.v1", stream="generation")
class GenerationRendered:
    """Marked, encoded and in quarantine, by hash: every check and every reviewer sees exactly this file."""

    generation: GenerationId
    sha256: str
    bytes_count: int
    seconds: float
    watermark: str
    """Payload, hexadecimal, as read back from the encoded file."""
    recipe: dict[str, Any]
    took_seconds: dict[str, float]


@event("studio.output_captioned.v1", stream="generation")
class OutputCaptioned:
    """What the engine says it drew. It is near to what was asked for, and so it is sealed for whoever asked."""

    generation: GenerationId
    requested_by: PersonId
    drawn: Annotated[Encrypted, EncryptedFor("requested_by")]


@event("studio.prompt_unsupported.v1", stream="generation")
class PromptUnsupported:
    """The engine cannot draw this. No refusal, and no evidence that a check passed or failed."""

    generation: GenerationId
    nearest: tuple[str, ...]


@event("studio.output_approved.v1", stream="generation")
class OutputApproved:
    generation: GenerationId


@event("studio.generation_signed.v1", stream="generation")
class GenerationSigned:
    """The signed file exists and two engines have verified it: now it is a draft."""

    generation: GenerationId
    sha256: str
    manifest: str


@event("studio.publication_requested.v1", stream="generation")
class PublicationRequested:
    generation: GenerationId


@event("studio.generation_published.v1", stream="generation")
class GenerationPublished:
    """In the feed, on the ground named here: it still stood when this was written."""

    generation: GenerationId
    read_versions: dict[str, int]


@event("studio.generation_cancelled.v1", stream="generation")
class GenerationCancelled:
    generation: GenerationId
    reason: str


@event("studio.generation_failed.v1", stream="generation")
class GenerationFailed:
    generation: GenerationId
    kind: str
    hint: str


@event("studio.restriction_applied.v1", stream="generation")
class RestrictionApplied:
    """A reason against showing the clip, named by the event that opened it."""

    generation: GenerationId
    reason: str
    opened_by: str


@event("studio.restriction_lifted.v1", stream="generation")
class RestrictionLifted:
    generation: GenerationId
    reason: str
    opened_by: str
    """The event that had opened it; what another event opened stays open."""


@event("studio.quota_reserved.v1", stream="quota")
class QuotaReserved:
    person: PersonId
    generation: GenerationId
    day: str


@event("studio.quota_released.v1", stream="quota")
class QuotaReleased:
    person: PersonId
    generation: GenerationId
    day: str


def drawn_in(facts: Sequence[object]) -> Encrypted:
    """What the engine said it drew, last; empty when it said nothing. Older recipes hold it themselves."""
    for fact in reversed(facts):
        if isinstance(fact, OutputCaptioned):
            return fact.drawn
        if isinstance(fact, GenerationRendered):
            return str(fact.recipe.get("caption") or fact.recipe.get("scene", {}).get("words", ""))
    return ""


def is_cancelled(facts: Iterable[object]) -> bool:
    """Whether one of these facts ended the generation by hand: then nobody waits for a check, and bytes may be gone."""
    return any(isinstance(fact, GenerationCancelled) for fact in facts)


def request_in(facts: Iterable[object]) -> GenerationRequested | None:
    """The request of a generation, given the facts of its stream; None where there is none."""
    return next((fact for fact in facts if isinstance(fact, GenerationRequested)), None)


def attempt_for(fact: GenerationRequested | GenerationRendered | RecheckRequested, check: Check) -> int | None:
    """Which attempt of a check this event requests; None where it requests none."""
    if isinstance(fact, RecheckRequested):
        return fact.attempt if check in fact.checks else None
    return 1
