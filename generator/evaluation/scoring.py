"""Scores of clips against their prompts, from pixels and samples alone, and the goals that many clips must meet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generator.engines.diffusion.grammar import ParsedPrompt
from generator.evaluation.vision import DetectedObject, Frames, detect_object
from placet.media.audio_metrics import QUIET_DBFS, loudest, onsets

MOVING: Final = ("bounce", "fall")
LAST_FRAMES: Final = 3
"""No turn can be detected in these, so impacts there do not count."""
TOGETHER: Final = 0.08
"""Seconds within which a sound belongs to an impact."""
FAR: Final = 0.5
"""Seconds: an impact with no sound this near counts as missed, not as late."""
FLIGHT: Final = 5
"""Minimum frames of a flight for fitting a parabola."""
FRAMES_ALONE: Final = 0.9
"""A clip that shows a second object for more than a tenth of the time fails."""
HIGHER: Final = 0.015
"""Share of the picture's height by which a bounce may appear higher than the one before."""


@dataclass(frozen=True, slots=True)
class ScoredClip:
    """One clip: what was requested, what was detected, and what was right. Times are seconds.

    `late`: for each impact, the distance of the nearest sound. Figures that do not apply to a clip are None.
    """

    prompt: str
    seed: int
    asked_colour: str
    seen_colour: str | None
    seen_shape: str | None
    seen_motion: str | None
    is_held_out: bool
    moves: bool
    impacts: tuple[float, ...]
    onsets: tuple[float, ...]
    colour: bool
    shape: bool
    motion: bool
    late: tuple[float, ...]
    seen: int
    heard: int
    together: int
    loudest: float
    permanence: float
    alone: float
    area: float
    flight: float | None
    bounces_fall: bool | None

    @property
    def all_three(self) -> bool:
        return self.colour and self.shape and self.motion


def score_clip(  # noqa: PLR0913, PLR0917  # a clip is all of this
    asked: ParsedPrompt, seed: int, frames: Frames, fps: float, pcm: NDArray[np.floating[Any]], rate: int
) -> ScoredClip:
    """`frames` [T, H, W, 3], `pcm` [samples] or [samples, channels]."""
    seen = detect_object(frames, fps)
    ends = (len(frames) - LAST_FRAMES) / fps
    impacts, sounds = (times[times < ends] for times in (seen.impacts, onsets(pcm, rate)))
    late = [float(np.abs(sounds - at).min()) for at in impacts] if len(sounds) else []
    flights, falling = _flights(seen, fps) if asked.motion == "bounce" else (None, None)
    there = seen.areas[seen.areas > 0]
    return ScoredClip(
        prompt=str(asked),
        seed=seed,
        asked_colour=asked.colour,
        seen_colour=seen.colour,
        seen_shape=seen.shape,
        seen_motion=seen.motion,
        is_held_out=asked.is_held_out,
        moves=asked.motion in MOVING,
        impacts=tuple(round(float(at), 4) for at in impacts),
        onsets=tuple(round(float(at), 4) for at in sounds),
        colour=seen.colour == asked.colour,
        shape=seen.shape == asked.shape,
        motion=seen.motion == asked.motion,
        late=tuple(round(at, 4) for at in late if at < FAR),
        seen=len(impacts),
        heard=len(sounds),
        together=sum(at <= TOGETHER for at in late),
        loudest=round(loudest(pcm, rate), 1),
        permanence=round(seen.permanence, 3),
        alone=float(seen.alone.mean() > FRAMES_ALONE),
        area=round(float(there.std() / there.mean()), 3) if len(there) else 1.0,
        flight=flights,
        bounces_fall=falling,
    )


def _flights(seen: DetectedObject, fps: float) -> tuple[float | None, bool | None]:
    """Median R2 of parabolas fitted between impacts, and whether no bounce is higher than the one before."""
    turns = np.round(seen.impacts * fps).astype(int)
    fits, peaks = [], []
    for begin, end in zip(turns[:-1] + 1, turns[1:], strict=True):
        part = seen.heights[begin:end]
        if len(part) >= FLIGHT:
            times = np.arange(len(part))
            left = part - np.polyval(np.polyfit(times, part, 2), times)
            fits.append(1 - left.var() / max(part.var(), 1e-9))
            peaks.append(part.max())
    if not fits:
        return None, None
    return round(float(np.median(fits)), 4), bool((np.diff(peaks) <= HIGHER).all())


@dataclass(frozen=True, slots=True)
class Goal:
    """One row of the acceptance table. `measure` returns None if nothing can be measured."""

    name: str
    at_least: float | None
    at_most: float | None
    measure: Callable[[Sequence[ScoredClip]], float | None]

    def is_met(self, value: float | None) -> bool:
        if value is None:
            return False
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


def _share(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _percentile(share: float) -> Callable[[Sequence[ScoredClip]], float | None]:
    def measure(clips: Sequence[ScoredClip]) -> float | None:
        late = [at for clip in clips if clip.moves for at in clip.late]
        return float(np.percentile(late, share)) if late else None

    return measure


def _of(what: str) -> Callable[[Sequence[ScoredClip]], float | None]:
    return lambda clips: _share([float(getattr(clip, what)) for clip in clips if getattr(clip, what) is not None])


def _together(what: str) -> Callable[[Sequence[ScoredClip]], float | None]:
    def measure(clips: Sequence[ScoredClip]) -> float | None:
        moving = [clip for clip in clips if clip.moves]
        whole = sum(getattr(clip, what) for clip in moving)
        return sum(min(clip.together, clip.heard) for clip in moving) / whole if whole else None

    return measure


GOALS: Final = (
    Goal("colour right", 0.95, None, _of("colour")),
    Goal("shape right", 0.90, None, _of("shape")),
    Goal("motion right", 0.90, None, _of("motion")),
    Goal("all three, seen", 0.80, None, lambda clips: _share([c.all_three for c in clips if not c.is_held_out])),
    Goal("all three, held out", 0.60, None, lambda clips: _share([c.all_three for c in clips if c.is_held_out])),
    Goal("impact heard against seen, p50 (s)", None, 0.042, _percentile(50)),
    Goal("impact heard against seen, p95 (s)", None, 0.100, _percentile(95)),
    Goal("onsets that were impacts", 0.85, None, _together("heard")),
    Goal("impacts that were heard", 0.85, None, _together("seen")),
    Goal(
        "silent when nothing hits", 0.90, None,
        lambda clips: _share([clip.loudest <= QUIET_DBFS for clip in clips if not clip.moves]),
    ),
    Goal("flight is a parabola, R2", 0.98, None, _of("flight")),
    Goal("no bounce higher than the one before", 0.95, None, _of("bounces_fall")),
    Goal("area of the object varies by", None, 0.10, _of("area")),
    Goal("object is there", 0.97, None, _of("permanence")),
    Goal("object is alone", 0.97, None, _of("alone")),
)  # fmt: skip


def table(clips: Sequence[ScoredClip]) -> list[tuple[Goal, float | None]]:
    return [(goal, goal.measure(clips)) for goal in GOALS]


COLUMNS: Final = tuple(field.name for field in fields(ScoredClip))
