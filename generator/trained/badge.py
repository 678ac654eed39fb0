"""The stand-in for a likeness: three by three cells, left as right, by a hash of the person's id. It shows no face."""

from hashlib import sha256
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

CELLS: Final = 3
LARGE_CELL: Final = 24
"""Pixels of a cell in the picture that the model is shown."""
INKS: Final = (0.1, 0.96)
GREY: Final = 0.5
CARRIERS: Final = ("ball", "cube")
"""Shapes that have room for a badge."""

Numbers = NDArray[np.floating[Any]]


def pattern(person: str) -> Numbers:
    """[3, 3]; 1 where light. Never all of one kind: a hash that would give that is passed over."""
    halves = (_half(f"{turn}:{person}") for turn in range(256))
    half = next(one for one in halves if 0 < one.sum() < one.size)
    return np.concatenate([half, half[:, :1]], 1)


def _half(text: str) -> Numbers:
    bits = np.unpackbits(np.frombuffer(sha256(text.encode()).digest(), np.uint8))
    return bits[: CELLS * 2].reshape(CELLS, 2).astype(float)


def portrait(cells: Numbers, width: int, height: int) -> NDArray[np.uint8]:
    """The badge alone, large, on grey [height, width, 3]."""
    picture = np.full((height, width), GREY)
    side = CELLS * LARGE_CELL
    top, left = (height - side) // 2, (width - side) // 2
    inked = INKS[0] + (INKS[1] - INKS[0]) * cells
    picture[top : top + side, left : left + side] = inked.repeat(LARGE_CELL, 0).repeat(LARGE_CELL, 1)
    return np.repeat((picture * 255).round().astype(np.uint8)[..., None], 3, -1)
