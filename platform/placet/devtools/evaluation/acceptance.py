"""Acceptance of a model: fixed questions, clips encoded to MP4 and decoded, scored from pixels and samples alone."""

import csv
import io
import os
import signal
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw

from generator.engines.diffusion.grammar import ParsedPrompt
from generator.engines.diffusion.manifest import WeightsManifest
from generator.evaluation.questions import questions
from generator.evaluation.scoring import COLUMNS, GOALS, ScoredClip, score_clip
from generator.ports import Engine, GenerationRequest, RawClip
from generator.registry import engine_named
from placet.media.encode import encode_mp4
from placet.media.full_decode import RGB, decode_fully
from placet.runtime.supervisor.parent_death import die_with_this_process

SIZE: Final = (128, 224)
SECONDS: Final = 4.0
SHOWN: Final = 7
"""Frames of a clip on a contact sheet."""
ON_A_SHEET: Final = 24
_engine: Engine | None = None
"""One per process: loading takes longer than a clip."""


def evaluated(engine: str, count: int, processes: int, draws: int | None = None) -> Iterator[tuple[ScoredClip, RGB]]:
    """Scored clips in the order of the questions. One thread per process: the number of processes changes no bit.

    `draws`: the maximum number of attempts per clip, instead of the one in the weights' manifest.
    """
    with ProcessPoolExecutor(processes, get_context("spawn"), _load, (engine, draws)) as pool:
        yield from pool.map(_answered, questions(count))


def _load(name: str, draws: int | None) -> None:
    global _engine  # noqa: PLW0603  # one engine in each process of the pool
    die_with_this_process(signal.SIGKILL)
    os.environ["OMP_NUM_THREADS"] = "1"  # read when torch is loaded, which is not yet
    _engine = engine_named(name)
    if draws and isinstance(manifest := getattr(_engine, "manifest", None), WeightsManifest):
        _engine.manifest = replace(manifest, max_attempts=draws)  # type: ignore[attr-defined]  # it has one
    _engine.load()


def _answered(question: tuple[ParsedPrompt, int]) -> tuple[ScoredClip, RGB]:
    asked, seed = question
    assert _engine is not None
    return judged_after_mp4(asked, seed, made(_engine, wanted(_engine, str(asked), seed)))


def wanted(
    engine: Engine, prompt: str, seed: int, size: tuple[int, int] = SIZE, seconds: float = SECONDS
) -> GenerationRequest:
    """A request outside any queue."""
    return GenerationRequest(
        generation="evaluation", mode="text", prompt=prompt, parent_prompt=None, seed=seed,
        width=size[0], height=size[1], fps=24, seconds=seconds, engine=engine.capabilities().engine,
    )  # fmt: skip


def made(engine: Engine, request: GenerationRequest) -> RawClip:
    """The engine's clip, without progress and without a reason to stop."""
    return engine.generate(request, lambda _phase, _done: None, lambda: None)


def judged_after_mp4(asked: ParsedPrompt, seed: int, clip: RawClip) -> tuple[ScoredClip, RGB]:
    """The score as a viewer sees and hears the clip, and some of its frames in a row."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "clip.mp4"
        encode_mp4(clip.frames, clip.fps, clip.pcm, clip.rate, file)
        frames, pcm, rate = decode_fully(file)
    strip = np.concatenate([frames[n] for n in np.linspace(0, len(frames) - 1, SHOWN).astype(int)], 1)
    return score_clip(asked, seed, frames, clip.fps, pcm[: len(clip.pcm)], rate), strip


def rows(clips: Sequence[ScoredClip]) -> list[dict[str, Any]]:
    """The acceptance table."""
    return [
        {
            "metric": goal.name,
            "value": None if (value := goal.measure(clips)) is None else round(value, 4),
            "goal": f">= {goal.at_least}" if goal.at_least is not None else f"<= {goal.at_most}",
            "met": goal.is_met(value),
        }
        for goal in GOALS
    ]


def controls(clips: Sequence[ScoredClip]) -> list[dict[str, Any]]:
    """Controls, which must fail: each clip is compared with the next question's prompt and the next clip's sound."""
    shuffled = [replace(one, colour=one.seen_colour == other.asked_colour) for one, other in _with_next(clips)]
    colour, late = GOALS[0], GOALS[5]
    strange = [replace(one, late=_late(one, other)) for one, other in _with_next([c for c in clips if c.moves])]
    return [
        {"control": "words of another clip: colour right", "value": colour.measure(shuffled), "must_be": "<= 0.25"},
        {"control": "sound of another clip: p50 (s)", "value": late.measure(strange), "must_be": ">= 0.15"},
    ]


def _with_next(clips: Sequence[ScoredClip]) -> Iterable[tuple[ScoredClip, ScoredClip]]:
    return zip(clips, [*clips[1:], *clips[:1]], strict=True)


def _late(one: ScoredClip, other: ScoredClip) -> tuple[float, ...]:
    if not other.onsets:
        return ()
    return tuple(min(abs(at - heard) for heard in other.onsets) for at in one.impacts)


def contact_sheet(clips: Sequence[tuple[ScoredClip, RGB]]) -> Image.Image:
    """The first 24 clips, two in a row, each under its prompt."""
    shown = clips[:ON_A_SHEET]
    high, wide = (side // 2 for side in shown[0][1].shape[:2])
    line = 18
    sheet = Image.new("RGB", (2 * wide + 8, -(-len(shown) // 2) * (high + line)), "white")
    for n, (judged, strip) in enumerate(shown):
        left, top = n % 2 * (wide + 8), n // 2 * (high + line)
        ImageDraw.Draw(sheet).text((left + 4, top + 2), f"{judged.prompt} (seed {judged.seed})", "black")
        sheet.paste(Image.fromarray(strip).resize((wide, high), Image.Resampling.LANCZOS), (left, top + line))
    return sheet


def written(clips: Sequence[ScoredClip]) -> str:
    """One line per question, as CSV."""
    text = io.StringIO()
    lines = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    lines.writeheader()
    for clip in clips:
        lines.writerow({k: " ".join(map(str, v)) if isinstance(v, tuple) else v for k, v in asdict(clip).items()})
    return text.getvalue()
