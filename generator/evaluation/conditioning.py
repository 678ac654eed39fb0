"""A clip against the way in which it was asked for: over a picture, with a badge, in a style, going on from another."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generator.badge import CELLS
from generator.engines.diffusion.badge import CELL, COLUMNS, LEFT, PAPER, ROWS, TOP
from generator.engines.diffusion.grammar import STYLES
from generator.evaluation.vision import FLOOR, Frames, detect_object

Numbers = NDArray[np.floating[Any]]
NARROW: Final = 128
"""Pixels of the shorter side of the small model's own pictures, whose measures a badge's are."""
TINTED: Final = 112
"""What is darker in all of its colours, where a plaque hangs, is its ink: objects are brighter."""
DARK: Final = 30.0
BAR: Final = 0.05
"""Of the height: so much at least is dark above, in the cinema."""
SHAKEN: Final = 0.45
"""Rows by which the floor's edge wanders, of a picture of 224, in a film by hand."""
FALLS: Final = 0.018
"""Of the height: by so much a fall grows faster in a twelfth of a second."""
FLAT: Final = 5.0
"""Difference in brightness between the wall's top and its foot, in a cartoon at most."""


def psnr(one: Frames, other: Frames) -> float:
    """In decibels, of two pictures of one size."""
    error = float(((one.astype(float) - other) ** 2).mean())
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def without_ink(frames: Frames) -> Frames:
    """The same pictures with the plaque blank, so that what is looked at is the object: its ink has a tint at times."""
    scale = min(frames.shape[1:3]) / NARROW
    blank = frames.copy()
    rows, columns = (slice(round(scale * part.start), round(scale * part.stop)) for part in (ROWS, COLUMNS))
    wall = blank[:, rows, columns]
    wall[wall.max(-1) < TINTED] = round(255 * PAPER)
    return blank


def likeness(cells: NDArray[np.bool_], frames: Frames) -> float:
    """Correlation of a badge [6, 6] with what is mostly seen where its plaque hangs; 0 where all is of one grey."""
    scale = min(frames.shape[1:3]) / NARROW
    grey = np.median(frames.mean(-1), 0)  # what passes in front of it does so in a few pictures
    rows, columns = (((first + CELL * np.arange(CELLS + 1)) * scale).round().astype(int) for first in (TOP, LEFT))
    seen = [[grey[r : r + high, c : c + wide].mean() for c, wide in zip(columns, np.diff(columns), strict=False)]
            for r, high in zip(rows, np.diff(rows), strict=False)]  # fmt: skip
    return float(-np.corrcoef(np.ravel(seen), cells.ravel())[0, 1]) if np.std(seen) > 0 < cells.std() else 0.0


def style_of(frames: Frames) -> str:
    """Dark bars, a floor that wanders, a wall without light and shade; else plain."""
    grey = np.median(frames.mean(-1), 2)
    height = grey.shape[1]
    if grey[:, : round(BAR * height)].mean() < DARK:
        return "cinematic"
    near = slice(round((FLOOR - 0.08) * height), round((FLOOR + 0.08) * height))
    falls = np.abs(np.diff(grey[:, near], axis=1))
    edges = (falls * np.arange(falls.shape[1])).sum(1) / falls.sum(1)
    if edges.std() * 224 / height > SHAKEN:
        return "documentary"
    top, foot = (grey[:, round(share * height)].mean() for share in (0.1, FLOOR - 0.1))
    return "cartoon" if abs(top - foot) < FLAT else STYLES[0]


def seam(before: Frames, after: Frames, fps: float) -> float | None:
    """Pixels by which the object leaps where one clip ends and the next begins, beyond its own steps beside it."""
    seen = detect_object(np.concatenate([before[-4:], after[:4]]), fps)
    if np.isnan(seen.x).any():
        return None
    steps = np.hypot(np.diff(seen.x), np.diff(seen.low)) * before.shape[1]
    return float(max(0.0, steps[3] - max(steps[2], steps[4]) - FALLS * before.shape[1]))
