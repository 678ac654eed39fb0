"""Best-of-n: draws a clip several times and keeps the attempt that shows most of the prompt.

The first attempt has the requested seed, the others have seeds derived from it: equal requests still give equal clips.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generator.engines.diffusion.grammar import ParsedPrompt
from generator.evaluation.conditioning import likeness, without_ink
from generator.evaluation.scoring import score_clip

MIN_SECONDS_FOR_MOTION: Final = 3.0
"""In a shorter clip a bounce may lack its second impact, and a roll may not get far enough to be detected."""
MIN_LIKENESS: Final = 0.7
"""Correlation of a badge with the picture."""


@dataclass(frozen=True, eq=False, slots=True)
class Drawn:
    """`frames` [n, height, width, 3], `pcm` [samples, channels] at `rate` Hz."""

    frames: NDArray[np.uint8]
    pcm: NDArray[np.float32]
    rate: int


Draw = Callable[[int, int], Drawn]
"""`draw(number, seed)`; `number` counts from 0."""
Check = Callable[[Drawn], tuple[str, ...]]
"""Names of the requested traits that an attempt does not show."""


@dataclass(frozen=True, eq=False, slots=True)
class BestAttempt:
    """The selected attempt, and the unmet traits of every attempt in order."""

    drawn: Drawn
    unmet: tuple[tuple[str, ...], ...]

    def to_json(self) -> list[list[str]]:
        """For the recipe."""
        return [list(one) for one in self.unmet]


def best_attempt(draw: Draw, seed: int, check: Check | None, max_attempts: int) -> BestAttempt:
    """The first attempt without unmet traits, else the first with the fewest. Without a check, the first."""
    if check is None:
        return BestAttempt(draw(0, seed), ())
    best, unmet = None, []
    for number in range(max_attempts):
        drawn = draw(number, seed_of(seed, number))
        unmet.append(check(drawn))
        if best is None or len(unmet[-1]) < len(unmet[best[0]]):
            best = number, drawn
        if not unmet[-1]:
            break
    assert best is not None
    return BestAttempt(best[1], tuple(unmet))


def unmet_traits(
    prompt: ParsedPrompt, drawn: Drawn, fps: int, cells: NDArray[np.bool_] | None = None
) -> tuple[str, ...]:
    """Traits that the clip lacks, of `colour`, `shape`, `motion`, `alone`, `bounces_fall`, `likeness`.

    `cells` [6, 6]: the badge that should hang on the wall.
    """
    pictures = drawn.frames if cells is None else without_ink(drawn.frames)
    seen = score_clip(prompt, 0, pictures, fps, drawn.pcm, drawn.rate)
    is_right = {
        "colour": seen.colour,
        "shape": seen.shape,
        "motion": seen.motion or len(drawn.frames) < MIN_SECONDS_FOR_MOTION * fps,
        "alone": bool(seen.alone),
        "bounces_fall": seen.bounces_fall is not False,
        "likeness": cells is None or likeness(cells, drawn.frames) >= MIN_LIKENESS,
    }
    return tuple(name for name, right in is_right.items() if not right)


def seed_of(seed: int, number: int) -> int:
    """The seed of an attempt."""
    return seed if not number else int.from_bytes(sha256(f"{seed}/{number}".encode()).digest()[:7])
