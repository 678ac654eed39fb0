"""A clip against the way in which it was asked for: over a picture, with a badge, in a style, going on from another."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generator.trained.badge import CELLS
from generator.trained.eyes import FLOOR, Frames, look, object_masks
from generator.trained.grammar import STYLES

Numbers = NDArray[np.floating[Any]]
CELL: Final = 8 / 224
"""Of a badge on an object, as a share of the picture's height."""
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


def likeness(cells: Numbers, frames: Frames) -> float | None:
    """Correlation of a badge [3, 3] with what is seen in the object's middle; None where no object is seen."""
    side = CELL * frames.shape[1]
    found = []
    for frame, mask in zip(frames, object_masks(frames), strict=True):
        rows, columns = np.flatnonzero(mask.max(1) > 0.5), np.flatnonzero(mask.max(0) > 0.5)
        if len(rows) and len(columns):
            middle = (columns[0] + columns[-1] + 1) / 2, (rows[0] + rows[-1] + 1) / 2
            found.append(_cells(frame.mean(-1), *middle, side))
    if not found:
        return None
    printed = np.mean(found, 0)
    return float(np.corrcoef(printed.ravel(), cells.ravel())[0, 1]) if printed.std() > 0 else 0.0


def _cells(grey: Numbers, x: float, y: float, side: float) -> Numbers:
    """Mean brightness of three by three squares around a place."""
    edges = [(np.arange(CELLS + 1) - CELLS / 2) * side + middle for middle in (y, x)]
    rows, columns = (np.clip(edge.round().astype(int), 0, limit) for edge, limit in zip(edges, grey.shape, strict=True))
    squares = [
        grey[rows[i] : max(rows[i + 1], rows[i] + 1), columns[j] : max(columns[j + 1], columns[j] + 1)]
        for i in range(CELLS)
        for j in range(CELLS)
    ]
    return np.array([square.mean() if square.size else 0.0 for square in squares]).reshape(CELLS, CELLS)


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
    seen = look(np.concatenate([before[-4:], after[:4]]), fps)
    if np.isnan(seen.x).any():
        return None
    steps = np.hypot(np.diff(seen.x), np.diff(seen.low)) * before.shape[1]
    return float(max(0.0, steps[3] - max(steps[2], steps[4]) - FALLS * before.shape[1]))
