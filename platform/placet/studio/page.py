"""A generation as its page shows it: read from the log itself, so that it is never older than what was answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.http import Http404
from django.utils.translation import gettext as _

from moderation.events import AppealFiled
from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import Stream, current_log
from placet.kernel.verdict import Check
from placet.people.permissions import ResourceContext
from placet.people.queries import people
from placet.studio import events as e
from placet.studio.generation import ENDED, Generation, stream_of
from placet.studio.refusals import GenerationNotFound
from placet.studio.view_model import GenerationView, JobProgress, done_0_1, progress_of, view_of
from placet.ui.highlight import segments

Mark = Literal["done", "now", "stopped", ""]


@dataclass(frozen=True, slots=True)
class GenerationPage:
    """What a generation's page says, in order."""

    view: GenerationView
    requested_by: str
    prompt: str
    segments: tuple[tuple[str, bool], ...]
    """The prompt in pieces; True where a check found its evidence."""
    seconds_found: tuple[float, ...]
    """Where in the clip a check found its evidence."""
    depicted: tuple[str, ...]
    steps: tuple[tuple[str, Mark], ...]
    is_wide: bool
    progress: JobProgress | None
    appealed: AppealFiled | None

    @property
    def is_moving(self) -> bool:
        """Whether something is still to come without anybody's doing."""
        return not self.view.has_ended or self.view.is_publication_requested

    @property
    def done_0_1(self) -> float:
        """How far it is on its way to a draft, for a bar that never goes back."""
        return done_0_1(self.view.state, self.progress)

    @property
    def has_bytes(self) -> bool:
        """Whether there is a signed clip to watch."""
        return self.view.state in {"draft", "published"}


def generation_context(generation: str) -> ResourceContext:
    """Whose a generation is and whom it shows. Raises `Http404`."""
    request = Generation.replay(current_log().read(stream_of(generation))).request
    if request is None:
        raise Http404
    return ResourceContext(str(request.requested_by), frozenset(map(str, request.cameos)))


def generation_page(generation_id: str) -> GenerationPage:
    """One generation. Raises `GenerationNotFound`."""
    log = current_log()
    stream = log.read(stream_of(generation_id))
    if not stream.events:
        raise GenerationNotFound(f"There is no generation {generation_id}.")
    generation = Generation.replay(stream)
    now = view_of(stream, generation)
    evidence = now.refusal.evidence if now.refusal else ()
    names = {i: str(person.name) for i, person in people([now.requested_by, *now.cameos]).items()}
    prompt = str(generation.asked.prompt)
    return GenerationPage(
        view=now,
        requested_by=names.get(now.requested_by, ""),
        prompt=prompt,
        segments=segments(prompt, _spans(evidence)),
        seconds_found=tuple(sorted({float(found["second"]) for found in evidence if "second" in found})),
        depicted=tuple(names[p] for p in now.cameos if p in names),
        steps=steps(generation),
        is_wide=generation.asked.width > generation.asked.height,
        progress=progress_of(generation_id),
        appealed=_appealed(log.read(stream_name(AppealFiled, generation_id)), stream),
    )


def steps(generation: Generation) -> tuple[tuple[str, Mark], ...]:
    """The way from words to a draft, with how far it has come."""
    verdicts = generation.verdicts
    marks: list[tuple[str, Mark]] = [
        (_("Read against the policies"), _mark(generation, "policy")),
        (_("Consent of everyone it shows"), _mark(generation, "consent")),
        (_("Read against the opt-outs"), _mark(generation, "prompt_rights")),
        (_("Drawn, marked and encoded"), _run_mark(generation)),
        (_("The finished clip looked through"), _output_mark(generation)),
        (
            _("Signed, and read back by two engines"),
            "done" if generation.signed else _when(generation, "output_approved"),
        ),
    ]
    return tuple(marks) if verdicts or generation.state not in ENDED else ()


def _mark(generation: Generation, check: Check) -> Mark:
    verdict = generation.verdicts.get(check)
    if verdict is None or generation.is_waiting_for(frozenset({check})):
        return _when(generation, "requested", "draft", "rendered")
    stops = verdict.outcome != "clear" and verdict.code not in generation.released
    return "stopped" if stops else "done"


def _run_mark(generation: Generation) -> Mark:
    if generation.rendered:
        return "done"
    return "stopped" if generation.state in {"failed", "unsupported"} else _when(generation, "approved", "started")


def _output_mark(generation: Generation) -> Mark:
    marks = (
        {_mark(generation, check) for check in ("quality", "faces", "output_rights")} if generation.rendered else {""}
    )
    return "stopped" if "stopped" in marks else "done" if marks == {"done"} else _when(generation, "rendered")


def _when(generation: Generation, *states: str) -> Mark:
    return "now" if generation.state in states else ""


def _spans(evidence: Sequence[dict[str, Any]]) -> list[tuple[int, int]]:
    return [(int(found["span"][0]), int(found["span"][1])) for found in evidence if "span" in found]


def _appealed(appeals: Stream, generation: Stream) -> AppealFiled | None:
    refusals = [ev.event_id for ev in generation if isinstance(ev.fact, e.GenerationRefused)]
    said = [f for f in appeals.facts if isinstance(f, AppealFiled) and f.refusal == (refusals or [""])[-1]]
    return said[-1] if said else None
