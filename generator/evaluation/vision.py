"""Object detection from pixels alone: colour, shape, motion, and the times at which the object hits the floor.

Lengths are shares of the picture's height, so clips may have any size.
"""

import colorsys
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generator.engines.diffusion.grammar import COLOURS, SHAPES

Numbers = NDArray[np.floating[Any]]
Frames = NDArray[np.uint8]
FLOOR: Final = 25 / 32
"""Where the floor begins, from the top; objects are above it."""
SATURATED: Final = 0.45
INKED: Final = 64
"""Pixels darker than this in all channels are ink, whatever their tint."""
MIN_AREA: Final = 0.004
"""Share of all pixels; less is no object."""
MIN_WIDTH: Final = 0.01
"""Share of the height; a narrower group of columns is no object."""
OUTLINE: Final = 24
MOVED_UP: Final = 0.12
MOVED_ASIDE: Final = 0.09
MIN_IMPACT_GAP: Final = 3
"""Minimum frames between two impacts."""
MIN_SPEED_JUMP: Final = 0.3
"""Heights a second: a larger change of vertical speed is an impact."""


@dataclass(frozen=True)
class DetectedObject:
    """The object in one clip. `x`, `low` [T]: its middle and lowest edge, NaN where there is none.

    `alone` [T]: 1 where nothing else as colourful is in the picture.
    """

    colour: str | None
    shape: str | None
    x: Numbers
    low: Numbers
    areas: Numbers
    alone: Numbers
    fps: float

    @property
    def permanence(self) -> float:
        """Share of the frames that show the object."""
        return float(np.mean(self.areas > 0.4 * np.median(self.areas))) if self.areas.any() else 0.0

    @property
    def motion(self) -> str | None:
        """One of the grammar's motions; None without an object."""
        if self.colour is None:
            return None
        if float(np.ptp(self._filled(self.low))) > MOVED_UP:
            return "bounce" if len(self.impacts) > 1 else "fall"
        x = self._filled(self.x)
        moved = float(np.mean(x[-5:]) - np.mean(x[:5]))
        return "rest" if abs(moved) < MOVED_ASIDE else "roll_right" if moved > 0 else "roll_left"

    @cached_property
    def impacts(self) -> Numbers:
        """Seconds at which the object hits the floor."""
        return _impacts(self.heights, self.fps)

    @cached_property
    def heights(self) -> Numbers:
        """Heights above the object's lowest position."""
        low = self._filled(self.low)
        heights: Numbers = np.percentile(low, 97) - low
        return heights

    @staticmethod
    def _filled(values: Numbers) -> Numbers:
        there = np.flatnonzero(~np.isnan(values))
        return np.interp(np.arange(len(values)), there, values[there]) if len(there) else np.zeros(len(values))


def detect_object(frames: Frames, fps: float) -> DetectedObject:
    """`frames` [T, H, W, 3]."""
    masks = object_masks(frames)
    areas = masks.mean((1, 2))
    areas[areas < MIN_AREA] = 0
    there = np.flatnonzero(areas)
    x, low = (np.full(len(frames), np.nan) for _ in range(2))
    alone = np.array([_object_count(mask) < 2 for mask in masks], float)
    for index in there:
        columns, rows = masks[index].mean(0), masks[index].mean(1)
        x[index] = _middle(columns) / frames.shape[1]
        low[index] = _lower_edge(rows, masks.shape[2]) / frames.shape[1]
    seen = there[areas[there] > 0.4 * np.median(areas[there])] if len(there) else there
    if not len(seen):
        return DetectedObject(None, None, x, low, areas, alone, fps)
    return DetectedObject(_colour(frames[seen], masks[seen]), _shape(masks[seen]), x, low, areas, alone, fps)


def object_masks(frames: Frames) -> Numbers:
    """How certainly each pixel belongs to the object [T, H, W], 0..1: saturated, not dark, and above the floor."""
    masks = np.zeros(frames.shape[:3], np.float32)
    above = round(FLOOR * frames.shape[1])
    for mask, frame in zip(masks[:, :above], frames[:, :above], strict=True):  # one by one: each stays in the cache
        red, green, blue = frame.astype(np.float32).transpose(2, 0, 1)  # reducing along an axis of three is slow
        most, least = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
        mask[:] = (((most - least) / np.maximum(most, 1) - SATURATED) / 0.2 + 0.5).clip(0, 1) * (most > INKED)
    return masks


def _object_count(mask: Numbers) -> int:
    """Number of separate groups of columns in the mask."""
    is_there = np.concatenate([[False], mask.max(0) > 0.5, [False]])
    begins, ends = (
        np.flatnonzero(np.diff(is_there.astype(int)) == 1),
        np.flatnonzero(np.diff(is_there.astype(int)) == -1),
    )
    return int((ends - begins >= MIN_WIDTH * mask.shape[0]).sum())


def _middle(along: Numbers) -> float:
    return float((along * (np.arange(len(along)) + 0.5)).sum() / along.sum())


def _lower_edge(rows: Numbers, width: int) -> float:
    """The object's lower end, between two rows: the last row is partly covered."""
    widths = rows * width
    full = np.flatnonzero(widths > 0.25 * widths.max())
    last = int(full[-1])
    after = widths[last + 1] / max(widths[last], 1e-6) if last + 1 < len(widths) else 0.0
    return last + 1 + float(min(after, 1.0))


def _colour(frames: Frames, masks: Numbers) -> str:
    sure = masks > 0.9
    rgb = frames[sure].mean(0) if sure.any() else frames[masks > 0].mean(0)
    hue = _hue(rgb)
    return min(COLOURS, key=lambda name: _apart(hue, _hue(np.array(COLOURS[name], float))))


def _hue(rgb: Numbers) -> float:
    return colorsys.rgb_to_hsv(*(rgb / 255))[0]


def _apart(one: float, other: float) -> float:
    return abs((one - other + 0.5) % 1 - 0.5)


def _shape(masks: Numbers) -> str:
    """The shape whose outline is nearest to the mean of the frames' masks, each scaled to the same small square."""
    seen = np.mean([_squared(mask) for mask in masks], 0)
    return min(SHAPES, key=lambda name: float(np.abs(seen - OUTLINES[name]).mean()))


def _squared(mask: Numbers) -> Numbers:
    rows, columns = (np.flatnonzero(mask.max(axis) > 0.5) for axis in (1, 0))
    if not len(rows) or not len(columns):
        return np.zeros((OUTLINE, OUTLINE))
    part = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    picture = Image.fromarray((part * 255).astype(np.uint8)).resize((OUTLINE, OUTLINE), Image.Resampling.BILINEAR)
    return np.asarray(picture, float) / 255


def _outlines() -> dict[str, Numbers]:
    """The outline of each shape, drawn finely and scaled down."""
    fine = (np.arange(OUTLINE * 8) + 0.5) / (OUTLINE * 4) - 1
    x, y = np.meshgrid(fine, fine)
    angle = np.abs(np.arctan2(x, -(y * 0.905 - 0.095))) % (2 * np.pi / 5)
    angle = np.minimum(angle, 2 * np.pi / 5 - angle)
    out = np.hypot(x * 0.951, y * 0.905 - 0.095)
    tall, wide = 0.52 * np.cos(np.pi / 5), 0.52 * np.sin(np.pi / 5)
    star = out * np.sin(angle) * (1 - tall) + (out * np.cos(angle) - 1) * wide < 0
    drawn = {"ball": np.hypot(x, y) < 1, "cube": np.ones_like(x) > 0, "cone": 2 * np.abs(x) < y + 1, "star": star}
    return {name: mask.reshape(OUTLINE, 8, OUTLINE, 8).mean((1, 3)) for name, mask in drawn.items()}


OUTLINES: Final = _outlines()


def _impacts(heights: Numbers, fps: float) -> Numbers:
    """Where a fall that ends in a jump of the vertical speed reaches the floor."""
    bend = np.diff(heights, 2) * fps * fps
    flying = (heights[1:-1] > 0.03) & (bend < 0)
    if not flying.any():
        return np.array([])
    gravity = -float(np.median(bend[flying]))
    jumps = bend / fps + gravity / fps
    found = [_landing(heights, turn + 1, gravity, fps) for turn in _peaks(jumps)]
    return np.array([time for time in found if time is not None])


def _peaks(jumps: Numbers) -> list[int]:
    """Frames with the largest jump nearby, MIN_IMPACT_GAP apart: a soft landing counts once; no bounce is faster."""
    strong = [
        k
        for k in np.flatnonzero(jumps > MIN_SPEED_JUMP)
        if jumps[k] == jumps[max(0, k - MIN_IMPACT_GAP + 1) : k + MIN_IMPACT_GAP].max()
    ]
    return [int(k) for n, k in enumerate(strong) if not n or k - strong[n - 1] >= MIN_IMPACT_GAP]


def _landing(heights: Numbers, turn: int, gravity: float, fps: float) -> float | None:
    """Seconds: the fall of the two frames before the turn, extrapolated. None if nothing fell."""
    if turn < 2:
        return None
    one, two = float(heights[turn - 2]), float(heights[turn - 1])
    speed = (one - two) * fps + gravity / (2 * fps)
    under_root = speed * speed + 2 * gravity * two
    if speed <= 0 or under_root < 0:
        return None
    after = (-speed + float(np.sqrt(under_root))) / gravity
    return (turn - 1) / fps + after
