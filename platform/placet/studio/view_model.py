"""What may be told of one generation: the same words for the API and the command line. Read from its stream alone."""

from dataclasses import dataclass
from typing import Any, Final

from placet.eventlog.models import Effect
from placet.eventlog.store.log import Stream, current_log
from placet.kernel.ids import PersonId
from placet.studio import events as e
from placet.studio.generation import Generation, stream_of
from placet.studio.refusals import NoSuchGeneration

ENDS: Final = frozenset(
    {"draft", "published", "held", "refused", "cancelled", "failed", "outside_vocabulary"},
)
"""Where a generation rests until somebody acts."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why not, in a form that can be argued with. `evidence` holds places, never the text itself."""

    code: str
    rule: str
    evidence: tuple[dict[str, Any], ...]
    claimant: str
    what_would_pass: str
    contest_by: str


@dataclass(frozen=True, slots=True)
class Told:
    """One generation as its own events tell it. No prompt is in here."""

    id: str
    asked_by: PersonId
    cameos: tuple[PersonId, ...]
    state: str
    seconds: float
    parent: str | None
    sha256: str
    """The signed file's, once there is one."""
    standing: tuple[str, ...]
    verdicts: dict[str, str]
    refusal: Refused | None
    held: dict[str, str] | None
    failure: dict[str, str] | None
    nearest: tuple[str, ...]
    is_publication_asked: bool

    @property
    def has_ended(self) -> bool:
        """Nothing more happens by itself."""
        return self.state in ENDS


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far the worker is."""

    phase: str
    done_0_1: float


def told(generation_id: str) -> Told:
    """Raises `NoSuchGeneration`."""
    stream = current_log().read(stream_of(generation_id))
    if not stream.events:
        raise NoSuchGeneration(f"There is no generation {generation_id}.")
    return told_by(stream, Generation.replay(stream))


def prompt_of(generation_id: str) -> str:
    """The asker's own words, opened now. Only for those who may read them."""
    return str(current_log().read(stream_of(generation_id)).facts[0].prompt)


def progress_of(generation_id: str) -> RunProgress | None:
    """None while no worker has it."""
    run = Effect.objects.filter(kind="run", payload__generation=generation_id, state=Effect.State.LEASED).first()
    if run is None or not run.progress:
        return None
    return RunProgress(str(run.progress["phase"]), float(run.progress["done"]))


def told_by(stream: Stream, generation: Generation) -> Told:
    """The same, of a stream that was read and folded already."""
    asked = generation.asked
    return Told(
        id=asked.generation,
        asked_by=asked.asked_by,
        cameos=asked.cameos,
        state=generation.state,
        seconds=generation.made.seconds if generation.made else asked.seconds,
        parent=asked.parent,
        sha256=generation.signed.sha256 if generation.signed else "",
        standing=tuple(sorted(set(generation.standing.values()))),
        verdicts={check: verdict.outcome for check, verdict in sorted(generation.verdicts.items())},
        refusal=_refused(generation.refused) if generation.state == "refused" else None,
        held=_held(generation.held) if generation.state == "held" else None,
        failure=_failure(stream) if generation.state == "failed" else None,
        nearest=_nearest(stream),
        is_publication_asked=generation.is_publication_asked,
    )


def _refused(fact: e.GenerationRefused | None) -> Refused | None:
    if fact is None:
        return None
    return Refused(fact.code, fact.rule, fact.evidence, fact.claimant, fact.what_would_pass, fact.contest_by)


def _held(fact: e.GenerationHeld | None) -> dict[str, str] | None:
    return {"code": fact.code, "rule": fact.rule, "stage": fact.stage} if fact else None


def _failure(stream: Stream) -> dict[str, str] | None:
    failed = [f for f in stream.facts if isinstance(f, e.GenerationFailed)]
    return {"kind": failed[-1].kind, "advice": failed[-1].advice} if failed else None


def _nearest(stream: Stream) -> tuple[str, ...]:
    return next((f.nearest for f in reversed(stream.facts) if isinstance(f, e.VocabularyExceeded)), ())
