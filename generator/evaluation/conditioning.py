"""Checks of a clip against its conditioning: a start picture, a badge, a style, an earlier clip."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generator.badge import CELLS
from generator.engines.diffusion.badge import CELL, COLUMNS, LEFT, PAPER, ROWS, TOP
from generator.engines.diffusion.grammar import STYLES
from generator.evaluation.vision import FLOOR, Frames, detect_object

Numbers = NDArray[np.floating[Any]]
NARROW: Final = 128
"""Shorter side in pixels of the small model's own pictures; the badge's sizes refer to it."""
TINTED: Final = 112
"""Where a plaque hangs, pixels darker than this in all channels are ink: objects are brighter."""
DARK: Final = 30.0
BAR: Final = 0.05
"""Share of the height that is dark at the top in the cinematic style, at least."""
SHAKEN: Final = 0.45
"""Rows (of 224) by which the floor's edge wanders in the documentary style."""
FALLS: Final = 0.018
"""Share of the height by which a falling object's step grows in a twelfth of a second."""
FLAT: Final = 5.0
"""Maximum difference in brightness between the wall's top and its foot in the cartoon style."""


def psnr(one: Frames, other: Frames) -> float:
    """Decibels between two pictures of one size."""
    error = float(((one.astype(float) - other) ** 2).mean())
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def without_ink(frames: Frames) -> Frames:
    """The pictures with a blank plaque, so that only the object is detected: the ink sometimes has a tint."""
    scale = min(frames.shape[1:3]) / NARROW
    blank = frames.copy()
    rows, columns = (slice(round(scale * part.start), round(scale * part.stop)) for part in (ROWS, COLUMNS))
    wall = blank[:, rows, columns]
    wall[wall.max(-1) < TINTED] = round(255 * PAPER)
    return blank


def likeness(cells: NDArray[np.bool_], frames: Frames) -> float:
    """Correlation of a badge [6, 6] with the median picture where its plaque hangs; 0 if that is one grey."""
    scale = min(frames.shape[1:3]) / NARROW
    grey = np.median(frames.mean(-1), 0)  # an object passes in front of it in a few pictures only
    rows, columns = (((first + CELL * np.arange(CELLS + 1)) * scale).round().astype(int) for first in (TOP, LEFT))
    seen = [[grey[r : r + high, c : c + wide].mean() for c, wide in zip(columns, np.diff(columns), strict=False)]
            for r, high in zip(rows, np.diff(rows), strict=False)]  # fmt: skip
    return float(-np.corrcoef(np.ravel(seen), cells.ravel())[0, 1]) if np.std(seen) > 0 < cells.std() else 0.0


def style_of(frames: Frames) -> str:
    """Cinematic by dark bars, documentary by a wandering floor, cartoon by a wall without shading; else plain."""
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
    """Pixels by which the object jumps between two clips, beyond its own steps just before and after."""
    seen = detect_object(np.concatenate([before[-4:], after[:4]]), fps)
    if np.isnan(seen.x).any():
        return None
    steps = np.hypot(np.diff(seen.x), np.diff(seen.low)) * before.shape[1]
    return float(max(0.0, steps[3] - max(steps[2], steps[4]) - FALLS * before.shape[1]))
