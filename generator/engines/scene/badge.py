"""A person's badge as a plaque over the picture, in the person's own colour."""

import colorsys
from collections.abc import Iterator
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from generator.badge import CELLS, pattern

PAPER = (246, 244, 238)


def ink(person: str) -> tuple[int, int, int]:
    """A dark, saturated colour from a hash of the id."""
    hue = sha256(person.encode()).digest()[-1] / 256
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.8, 0.55)
    return round(red * 255), round(green * 255), round(blue * 255)


def plaque(person: str, cell: int) -> NDArray[np.uint8]:
    """The badge with a border of half a cell, [side, side, 3]."""
    inked = pattern(person).repeat(cell, 0).repeat(cell, 1)
    image = np.where(inked[..., None], np.array(ink(person), np.uint8), np.array(PAPER, np.uint8))
    border = ((cell // 2,) * 2, (cell // 2,) * 2, (0, 0))
    return np.pad(image, border, constant_values=PAPER[0]).astype(np.uint8)


def places(count: int, width: int, height: int) -> Iterator[tuple[int, int, int]]:
    """(left, top, cell) of each plaque in pixels: rows from the lower left corner upwards."""
    unit = min(width, height)
    cell = max(unit // 45, 4)
    side = CELLS * cell + 2 * (cell // 2)
    step, margin = side + cell, unit // 40 + 2
    in_row = max((width - 2 * margin + cell) // step, 1)
    for i in range(count):
        row, column = divmod(i, in_row)
        yield margin + column * step, height - margin - side - row * step, cell
