"""A person's badge as the small model sees and draws it: on a plaque on the wall, behind the object."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from generator.badge import CELLS

CELL: Final = 8
BORDER: Final = 4
LEFT, TOP = 8, 32
"""Pixels of a cell, of the paper border, and of the plaque's corner, in the model's own pictures."""
ROWS, COLUMNS = (slice(first - BORDER, first + CELLS * CELL + BORDER) for first in (TOP, LEFT))
"""Rows and columns that the plaque covers."""
INK, PAPER = 0.1, 0.96
GREY: Final = 0.5


def portrait(cells: NDArray[np.bool_], width: int, height: int) -> NDArray[np.uint8]:
    """The plaque alone, on grey [height, width, 3]: the model's reference picture."""
    picture = np.full((height, width), GREY)
    inked = np.where(cells, INK, PAPER).repeat(CELL, 0).repeat(CELL, 1)
    picture[ROWS, COLUMNS] = np.pad(inked, BORDER, constant_values=PAPER)
    return np.repeat((picture * 255).round().astype(np.uint8)[..., None], 3, -1)
