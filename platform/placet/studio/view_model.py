"""View model of one generation for pages, API and command line, read from its stream alone."""

from dataclasses import dataclass
from typing import Any, Final

from placet.eventlog.models import OutboxItem
from placet.eventlog.store.log import Stream, current_log
from placet.kernel.ids import PersonId
from placet.studio import events as e
from placet.studio.generation import Generation, stream_of
from placet.studio.refusals import GenerationNotFound

ENDS: Final = frozenset(
    {"draft", "published", "held", "refused", "cancelled", "failed", "unsupported"},
)
"""States that change only by a person's action."""
STATE_DONE_0_1: Final = {
    "requested": 0.0, "approved": 0.05, "started": 0.05, "rendered": 0.92, "output_approved": 0.97,
}  # fmt: skip
PHASE_DONE_0_1: Final = {"mark": 0.8, "encode": 0.84, "read mark": 0.88}
DRAWING_SHARE_0_1: Final = 0.75


@dataclass(frozen=True, slots=True)
class RefusalView:
    """A refusal with all that an appeal needs. `evidence` holds spans or seconds, never the text itself."""

    code: str
    rule: str
    evidence: tuple[dict[str, Any], ...]
    claimant: str
    what_would_pass: str
    appeal_deadline: str


@dataclass(frozen=True, slots=True)
class GenerationView:
    """One generation, from its own events. It does not contain the prompt."""

    id: str
    requested_by: PersonId
    cameos: tuple[PersonId, ...]
    state: str
    seconds: float
    parent: str | None
    sha256: str
    """Hash of the signed file; empty before it is signed."""
    standing: tuple[str, ...]
    verdicts: dict[str, str]
    refusal: RefusalView | None
    held: dict[str, str] | None
    failure: dict[str, str] | None
    nearest: tuple[str, ...]
    is_publication_requested: bool

    @property
    def has_ended(self) -> bool:
        """Whether only a person's action can change its state."""
        return self.state in ENDS


@dataclass(frozen=True, slots=True)
class JobProgress:
    """Progress of the worker."""

    phase: str
    done_0_1: float


def done_0_1(state: str, progress: JobProgress | None) -> float:
    """Progress from the request to a draft, for a progress bar that never goes back."""
    if state == "started" and progress:
        return job_done_0_1(progress.phase, progress.done_0_1)
    return STATE_DONE_0_1.get(state, 1.0)


def job_done_0_1(phase: str, done_0_1: float) -> float:
    """Progress from the request to a draft while the generator's job is in this phase."""
    return PHASE_DONE_0_1.get(phase, STATE_DONE_0_1["started"] + DRAWING_SHARE_0_1 * done_0_1)


def generation_view(generation_id: str) -> GenerationView:
    """Raises `GenerationNotFound`."""
    stream = current_log().read(stream_of(generation_id))
    if not stream.events:
        raise GenerationNotFound(f"There is no generation {generation_id}.")
    return view_of(stream, Generation.replay(stream))


def prompt_of(generation_id: str) -> str:
    """The prompt, decrypted now. Only for readers who may see it."""
    return str(current_log().read(stream_of(generation_id)).facts[0].prompt)


def progress_of(generation_id: str) -> JobProgress | None:
    """None while no worker holds the job."""
    job = OutboxItem.objects.filter(
        kind="job", payload__generation=generation_id, state=OutboxItem.State.LEASED
    ).first()
    if job is None or not job.progress:
        return None
    return JobProgress(str(job.progress["phase"]), float(job.progress["done"]))


def view_of(stream: Stream, generation: Generation) -> GenerationView:
    """The view of a stream that is already read and folded."""
    request = generation.required_request
    return GenerationView(
        id=request.generation,
        requested_by=request.requested_by,
        cameos=request.cameos,
        state=generation.state,
        seconds=generation.rendered.seconds if generation.rendered else request.seconds,
        parent=request.parent,
        sha256=generation.signed.sha256 if generation.signed else "",
        standing=tuple(sorted(set(generation.restrictions.values()))),
        verdicts={check: verdict.outcome for check, verdict in sorted(generation.verdicts.items())},
        refusal=_refused(generation.refused) if generation.state == "refused" else None,
        held=_held(generation.held) if generation.state == "held" else None,
        failure=_failure(stream) if generation.state == "failed" else None,
        nearest=_nearest(stream),
        is_publication_requested=generation.is_publication_requested,
    )


def _refused(fact: e.GenerationRefused | None) -> RefusalView | None:
    if fact is None:
        return None
    return RefusalView(fact.code, fact.rule, fact.evidence, fact.claimant, fact.what_would_pass, fact.appeal_deadline)


def _held(fact: e.GenerationHeldForReview | None) -> dict[str, str] | None:
    return {"code": fact.code, "rule": fact.rule, "stage": fact.stage} if fact else None


def _failure(stream: Stream) -> dict[str, str] | None:
    failed = [f for f in stream.facts if isinstance(f, e.GenerationFailed)]
    return {"kind": failed[-1].kind, "hint": failed[-1].hint} if failed else None


def _nearest(stream: Stream) -> tuple[str, ...]:
    return next((f.nearest for f in reversed(stream.facts) if isinstance(f, e.PromptUnsupported)), ())
