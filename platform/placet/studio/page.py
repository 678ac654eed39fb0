"""View model of a generation's page, read from the log so that it is never stale."""

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
    """The contents of a generation's page, in order."""

    view: GenerationView
    requested_by: str
    prompt: str
    segments: tuple[tuple[str, bool], ...]
    """The prompt in pieces; True where a check found its evidence."""
    seconds_found: tuple[float, ...]
    """Seconds in the clip at which a check found its evidence."""
    depicted: tuple[str, ...]
    steps: tuple[tuple[str, Mark], ...]
    is_wide: bool
    progress: JobProgress | None
    appealed: AppealFiled | None

    @property
    def is_moving(self) -> bool:
        """Whether the state may still change without a person's action."""
        return not self.view.has_ended or self.view.is_publication_requested

    @property
    def done_0_1(self) -> float:
        """Progress to a draft, for a progress bar that never goes back."""
        return done_0_1(self.view.state, self.progress)

    @property
    def has_bytes(self) -> bool:
        """Whether there is a signed clip to watch."""
        return self.view.state in {"draft", "published"}


def generation_context(generation: str) -> ResourceContext:
    """The requester of a generation and the people it shows. Raises `Http404`."""
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
    view = view_of(stream, generation)
    evidence = view.refusal.evidence if view.refusal else ()
    names = {i: str(person.name) for i, person in people([view.requested_by, *view.cameos]).items()}
    prompt = str(generation.required_request.prompt)
    return GenerationPage(
        view=view,
        requested_by=names.get(view.requested_by, ""),
        prompt=prompt,
        segments=segments(prompt, _spans(evidence)),
        seconds_found=tuple(sorted({float(found["second"]) for found in evidence if "second" in found})),
        depicted=tuple(names[p] for p in view.cameos if p in names),
        steps=steps(generation),
        is_wide=generation.required_request.width > generation.required_request.height,
        progress=progress_of(generation_id),
        appealed=_appealed(log.read(stream_name(AppealFiled, generation_id)), stream),
    )


def steps(generation: Generation) -> tuple[tuple[str, Mark], ...]:
    """The steps from prompt to draft, each with its mark."""
    verdicts = generation.verdicts
    marks: list[tuple[str, Mark]] = [
        (_("Prompt checked against the policies"), _mark(generation, "policy")),
        (_("Consent of everyone shown checked"), _mark(generation, "consent")),
        (_("Prompt checked against the opt-outs"), _mark(generation, "prompt_rights")),
        (_("Rendered, watermarked and encoded"), _job_mark(generation)),
        (_("Rendered clip checked"), _output_mark(generation)),
        (
            _("Signed, and verified by two engines"),
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


def _job_mark(generation: Generation) -> Mark:
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
    filed = [f for f in appeals.facts if isinstance(f, AppealFiled) and f.refusal == (refusals or [""])[-1]]
    return filed[-1] if filed else None
