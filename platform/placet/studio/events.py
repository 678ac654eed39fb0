"""Events of the studio: one generation, from its request to its standing in the feed."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from placet.eventlog.store.event import Encrypted, EncryptedFor, GenerationId, PersonId, event
from placet.kernel.verdict import Check, CheckOutcome

Mode = Literal["text", "image", "remix", "extend"]


@event("studio.generation_requested.v1", stream="generation")
class GenerationRequested:
    """A person requested a clip. `cameos` are all people that it shows, including those of the parent."""

    generation: GenerationId
    requested_by: PersonId
    prompt: Annotated[Encrypted, EncryptedFor("requested_by")]
    cameos: tuple[PersonId, ...]
    mode: Mode
    parent: GenerationId | None
    ancestors: tuple[GenerationId, ...]
    """From the parent up to the first clip."""
    image: str | None
    """Name of the start picture in the requester's private store."""
    seconds: float
    width: int
    height: int
    fps: int
    seed: int
    engine: str
    region: str
    unknown_likeness: bool = False
    """The request named a likeness that nobody has enrolled."""


@event("studio.verdict_recorded.v1", stream="generation")
class VerdictRecorded:
    """The studio recorded the verdict of one check. The check's own event holds the evidence."""

    generation: GenerationId
    check: Check
    attempt: int
    outcome: CheckOutcome
    read_versions: dict[str, int]
    code: str
    verdict: str
    """Id of the check's own event."""


@event("studio.recheck_requested.v1", stream="generation")
class RecheckRequested:
    """A stream that verdicts rest on has changed. The named checks run again; the generation waits for them."""

    generation: GenerationId
    checks: tuple[Check, ...]
    attempt: int


@event("studio.generation_held_for_review.v1", stream="generation")
class GenerationHeldForReview:
    """The generation is held for review: a check was uncertain, or its read versions changed too often."""

    generation: GenerationId
    stage: Literal["prompt", "output"]
    code: str
    rule: str
    is_zero_tolerance: bool
    verdict: str


@event("studio.hold_released.v1", stream="generation")
class HoldReleased:
    """A reviewer released the hold, or overturned the refusal. Verdicts with its code no longer stop the generation."""

    generation: GenerationId
    case: str
    decided_by: PersonId


@event("studio.generation_approved.v1", stream="generation")
class GenerationApproved:
    """All prompt checks are clear at `read_versions`. One generation of the day's quota is reserved with it."""

    generation: GenerationId
    read_versions: dict[str, int]
    versions: dict[str, str]


@event("studio.generation_refused.v1", stream="generation")
class GenerationRefused:
    """The generation was refused: rule, evidence, claimant, what would pass, and the deadline of an appeal."""

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
    """A worker started the job. `token` is the fencing token of its lease."""

    generation: GenerationId
    job: str
    token: int


@event("studio.generation_rendered.v1", stream="generation")
class GenerationRendered:
    """The clip is rendered, watermarked, encoded and in quarantine. Every check and every reviewer sees this file."""

    generation: GenerationId
    sha256: str
    bytes_count: int
    seconds: float
    watermark: str
    """Payload in hexadecimal, as read back from the encoded file."""
    recipe: dict[str, Any]
    took_seconds: dict[str, float]


@event("studio.output_captioned.v1", stream="generation")
class OutputCaptioned:
    """The engine's caption of what it drew. It is close to the prompt, and so encrypted for the requester."""

    generation: GenerationId
    requested_by: PersonId
    drawn: Annotated[Encrypted, EncryptedFor("requested_by")]


@event("studio.prompt_unsupported.v1", stream="generation")
class PromptUnsupported:
    """The engine cannot draw this prompt. It is not a refusal, and says nothing about the checks."""

    generation: GenerationId
    nearest: tuple[str, ...]
    """Similar prompts that it can draw."""


@event("studio.output_approved.v1", stream="generation")
class OutputApproved:
    """All checks of the prompt and of the rendered clip are clear: it can be signed."""

    generation: GenerationId


@event("studio.generation_signed.v1", stream="generation")
class GenerationSigned:
    """The signed file exists and two engines have verified it: the generation is a draft."""

    generation: GenerationId
    sha256: str
    manifest: str


@event("studio.publication_requested.v1", stream="generation")
class PublicationRequested:
    """The requester asked to publish the draft."""

    generation: GenerationId


@event("studio.generation_published.v1", stream="generation")
class GenerationPublished:
    """The clip is in the feed. The streams in `read_versions` had exactly these versions when it was appended."""

    generation: GenerationId
    read_versions: dict[str, int]


@event("studio.generation_cancelled.v1", stream="generation")
class GenerationCancelled:
    """The generation ended before it was a draft: by its requester, or by an erasure."""

    generation: GenerationId
    reason: str


@event("studio.generation_failed.v1", stream="generation")
class GenerationFailed:
    """The job gave no clip: `kind` names the failure, `hint` what to do next."""

    generation: GenerationId
    kind: str
    hint: str


@event("studio.restriction_applied.v1", stream="generation")
class RestrictionApplied:
    """A restriction was applied: the clip is not shown while one is open. `opened_by` is the event that caused it."""

    generation: GenerationId
    reason: str
    opened_by: str


@event("studio.restriction_lifted.v1", stream="generation")
class RestrictionLifted:
    """One restriction was lifted; those that other events opened stay open."""

    generation: GenerationId
    reason: str
    opened_by: str
    """The event that opened it."""


@event("studio.quota_reserved.v1", stream="quota")
class QuotaReserved:
    """One generation counts against the person's quota of this day (UTC)."""

    person: PersonId
    generation: GenerationId
    day: str


@event("studio.quota_released.v1", stream="quota")
class QuotaReleased:
    """The generation no longer counts: it ended without a clip."""

    person: PersonId
    generation: GenerationId
    day: str


def drawn_in(facts: Sequence[object]) -> Encrypted:
    """The last caption of what the engine drew; empty without one. Older recipes hold it themselves."""
    for fact in reversed(facts):
        if isinstance(fact, OutputCaptioned):
            return fact.drawn
        if isinstance(fact, GenerationRendered):
            return str(fact.recipe.get("caption") or fact.recipe.get("scene", {}).get("words", ""))
    return ""


def is_cancelled(facts: Iterable[object]) -> bool:
    """Whether these facts cancel the generation: then no check is needed, and its bytes may be deleted."""
    return any(isinstance(fact, GenerationCancelled) for fact in facts)


def request_in(facts: Iterable[object]) -> GenerationRequested | None:
    """The request of a generation, from the facts of its stream; None without one."""
    return next((fact for fact in facts if isinstance(fact, GenerationRequested)), None)


def attempt_for(fact: GenerationRequested | GenerationRendered | RecheckRequested, check: Check) -> int | None:
    """Which attempt of a check this event requests; None when it requests none."""
    if isinstance(fact, RecheckRequested):
        return fact.attempt if check in fact.checks else None
    return 1
