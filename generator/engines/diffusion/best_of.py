"""Of several draws the one that shows most of what was asked for: a small model misses, and it can be seen when.

The first draw has the asker's seed, the others have seeds made from it: equal requests still give equal clips.
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

SECONDS_OF_MOTION: Final = 3.0
"""In less, a bounce may not come to its second impact, nor a roll far enough to be seen as one."""
LIKE: Final = 0.7
"""Correlation of a badge with what is seen."""


@dataclass(frozen=True, eq=False, slots=True)
class Drawn:
    """`frames` [n, height, width, 3], `pcm` [samples, channels] at `rate` Hz."""

    frames: NDArray[np.uint8]
    pcm: NDArray[np.float32]
    rate: int


Draw = Callable[[int, int], Drawn]
"""`draw(number, seed)`, numbers from 0."""
Misses = Callable[[Drawn], tuple[str, ...]]
"""What is not to be seen in a draw as it was asked for."""


@dataclass(frozen=True, eq=False, slots=True)
class Choice:
    """The draw that is given, and what each of them missed, in their order."""

    drawn: Drawn
    missed: tuple[tuple[str, ...], ...]

    def to_json(self) -> list[list[str]]:
        """For the recipe."""
        return [list(one) for one in self.missed]


def choose(draw: Draw, seed: int, misses: Misses | None, at_most: int) -> Choice:
    """The first draw that misses nothing, else the first that misses least. With nothing to compare, the first."""
    if misses is None:
        return Choice(draw(0, seed), ())
    best, told = None, []
    for number in range(at_most):
        drawn = draw(number, seed_of(seed, number))
        told.append(misses(drawn))
        if best is None or len(told[-1]) < len(told[best[0]]):
            best = number, drawn
        if not told[-1]:
            break
    assert best is not None
    return Choice(best[1], tuple(told))


def missed(asked: ParsedPrompt, drawn: Drawn, fps: int, cells: NDArray[np.bool_] | None = None) -> tuple[str, ...]:
    """What is not to be seen as it was asked for: of `colour`, `shape`, `motion`, `alone`, `bounces_fall`, `likeness`.

    `cells` [6, 6]: the badge that should hang on the wall.
    """
    pictures = drawn.frames if cells is None else without_ink(drawn.frames)
    seen = score_clip(asked, 0, pictures, fps, drawn.pcm, drawn.rate)
    is_right = {
        "colour": seen.colour,
        "shape": seen.shape,
        "motion": seen.motion or len(drawn.frames) < SECONDS_OF_MOTION * fps,
        "alone": bool(seen.alone),
        "bounces_fall": seen.bounces_fall is not False,
        "likeness": cells is None or likeness(cells, drawn.frames) >= LIKE,
    }
    return tuple(name for name, right in is_right.items() if not right)


def seed_of(seed: int, number: int) -> int:
    """The seed of a draw."""
    return seed if not number else int.from_bytes(sha256(f"{seed}/{number}".encode()).digest()[:7])
