"""Motion metrics from small pictures alone: still stretches, halts and landings."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.ma  # np.median imports it late, when the sandbox can open no file any more
from numpy.typing import NDArray

Pictures = NDArray[np.uint8]
Numbers = NDArray[np.floating[Any]]
MIN_PICTURES: Final = 5
STILL_LEVELS: Final = 6
"""Two pictures are alike if no value differs by more: an encoder changes a still scene by as much."""
CHANGED_LEVELS: Final = 12
APART_LEVELS: Final = 30
"""A pixel that differs from the background by more belongs to an object."""
STILL_SECONDS: Final = 0.5
STILL_BY_HAND_SECONDS: Final = 2.0
"""A hand-held camera rests occasionally, for 1.5 s at most in forty clips."""
HALTS_WITHIN: Final = 2
HALTS_FROM: Final = 0.5
"""A halt is a stop after at least this share of the usual change in each of the two pictures before."""
MAX_OBJECT_SHARE: Final = 0.25
"""Share of the picture; if more differs from the background, it is not one object before a still background."""
CAMERA_WIDTH_SHARE: Final = 0.7
"""Share of the columns; a single object changes fewer per picture, 0.66 at most in a hundred clips."""
CAMERA_PICTURE_SHARE: Final = 0.06
"""If a larger share of the changing pictures changes that wide, the camera moves. Hand-held 0.16 or more, else 0."""
MIN_FALL_SPEED: Final = 0.25
"""Heights a second downwards, before a landing."""
MIN_LANDING_JUMP: Final = 0.45
"""Heights a second by which a landing changes the speed within two pictures."""
SOFT_LANDING_SHARE: Final = 0.25
"""An object that slowed by this share of the jump in the two pictures before did not land: it turned."""
APART_SECONDS: Final = 0.1
APART_PICTURES: Final = 2.5
"""Two landings are further apart than both."""
MIN_CHANGED_PIXELS: Final = 3
"""Pixels; fewer give no reliable position."""
BACKGROUND_DISTANCE: Final = 0.25
"""Heights; a moving object further from a row does not hide it."""
ROW_END_SHARE: Final = 0.2
"""Share of a row at each end that shows the background even if an object hangs in the middle."""
BACKGROUND_SAMPLES: Final = (5, 24)
"""Minimum and maximum pictures, with the moving object far away, for a row's background."""


@dataclass(frozen=True, slots=True)
class Moving:
    """Seconds. `stills`: (begin, end) of each stretch without change; `halts`: abrupt stops of motion.

    `landings`: when a falling object turns or stops; reported only for one object before a still background.
    """

    still_share_0_1: float
    stills: tuple[tuple[float, float], ...]
    halts: tuple[float, ...]
    landings: tuple[float, ...]


def watch(pictures: Pictures, fps: float) -> Moving:
    """`pictures` [T, h, w, 3], small. Fewer than five give empty results."""
    if len(pictures) < MIN_PICTURES:
        return Moving(0.0, (), (), ())
    peaks, shares, middles, widths = _changes(pictures)
    alike, landings = peaks <= STILL_LEVELS, _landings(_heights(pictures, shares, middles), fps)
    camera_moves = _camera_moves(widths)
    stretches = _stretches(alike, max(1, round((STILL_BY_HAND_SECONDS if camera_moves else STILL_SECONDS) * fps)))
    halts = [begin / fps for begin, _ in stretches if _is_halt(shares, begin) and not _near(landings, begin / fps)]
    return Moving(
        float(alike.mean()),
        tuple((begin / fps, end / fps) for begin, end in stretches),
        tuple(halts),
        () if camera_moves else landings,
    )


def _changes(pictures: Pictures) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """For each picture against the previous one: the largest difference; share, centre and width of the change.

    The centre in heights from the top, the width as a share of the columns; NaN for too few pixels.
    """
    peaks, shares, middles, widths = [], [], [], []
    rows = np.arange(pictures.shape[1]) / pictures.shape[1]
    for one, next_one in pairwise(pictures):
        apart = np.abs(next_one.astype(np.int16) - one).max(axis=2)
        changed = apart > CHANGED_LEVELS
        counts, is_enough = changed.sum(axis=1), changed.sum() >= MIN_CHANGED_PIXELS
        peaks.append(apart.max())
        shares.append(counts.sum() / apart.size)
        middles.append((counts * rows).sum() / counts.sum() if is_enough else np.nan)
        widths.append(changed.any(axis=0).mean() if is_enough else np.nan)
    return np.array(peaks, float), np.array(shares, float), np.array(middles, float), np.array(widths, float)


def _camera_moves(widths: Numbers) -> bool:
    known = widths[np.isfinite(widths)]
    return bool(len(known)) and float((known > CAMERA_WIDTH_SHARE).mean()) > CAMERA_PICTURE_SHARE


def _stretches(alike: NDArray[np.bool_], at_least: int) -> list[tuple[int, int]]:
    """(first picture, last picture) of each run of alike neighbours."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], alike, [False]]).astype(int)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2) if b - a >= at_least]


def _is_halt(shares: Numbers, begin: int) -> bool:
    """An object that comes to rest slows down first; a frozen one does not."""
    if begin < HALTS_WITHIN or not shares.any():
        return False
    return bool(shares[begin - HALTS_WITHIN : begin].min() > HALTS_FROM * np.percentile(shares[shares > 0], 75))


def _near(times: tuple[float, ...], at: float) -> bool:
    return any(abs(time - at) <= APART_SECONDS for time in times)


def _heights(pictures: Pictures, shares: Numbers, middles: Numbers) -> Numbers | None:
    """Centre of the moving object in each picture, in heights from the top; None if unknown."""
    if not np.isfinite(middles).any():
        return None
    background = _background(pictures, shares, middles).astype(np.int16)
    thing = np.stack([np.abs(one.astype(np.int16) - background).max(axis=2) > APART_LEVELS for one in pictures])
    if thing.mean(axis=(1, 2)).max() > MAX_OBJECT_SHARE:
        return None
    rows, counts = np.arange(pictures.shape[1]) / pictures.shape[1], thing.sum(axis=2)
    sizes = counts.sum(axis=1)
    seen = np.flatnonzero(sizes)
    if not len(seen):
        return None
    heights: Numbers = np.interp(np.arange(len(pictures)), seen, (counts[seen] * rows).sum(axis=1) / sizes[seen])
    return heights


def _background(pictures: Pictures, shares: Numbers, middles: Numbers) -> Pictures:
    """Background: the median of each row over pictures in which the moving object is far from it.

    So an object that stays near the floor is not taken for the floor. With too few such pictures, the median is over
    pictures at equal amounts of change, so an object at rest counts once; whatever stands out in such a row may be the
    object and is replaced by the colour at the row's ends.
    """
    passed = np.concatenate([[0.0], np.cumsum(shares)])
    picks = np.unique(np.searchsorted(passed, np.linspace(0, passed[-1], 48)[1:-1]))
    known = np.flatnonzero(np.isfinite(middles))
    at = np.interp(np.arange(len(pictures)), known + 0.5, middles[known])
    background: Pictures = _plain(np.median(pictures[picks], axis=0).astype(np.uint8))
    for row in range(pictures.shape[1]):
        away = np.flatnonzero(np.abs(at - row / pictures.shape[1]) > BACKGROUND_DISTANCE)
        if len(away) >= BACKGROUND_SAMPLES[0]:
            samples = away[np.linspace(0, len(away) - 1, min(len(away), BACKGROUND_SAMPLES[1])).astype(int)]
            background[row] = np.median(pictures[samples, row], axis=0)
    return background


def _plain(picture: Pictures) -> Pictures:
    """The picture [h, w, 3] with pixels that stand out replaced by the colour at their row's ends."""
    end = max(1, round(ROW_END_SHARE * picture.shape[1]))
    ends = np.median(np.concatenate([picture[:, :end], picture[:, -end:]], axis=1), axis=1, keepdims=True)
    stands_out = np.abs(picture - ends).max(axis=2, keepdims=True) > APART_LEVELS
    plain: Pictures = np.where(stands_out, ends, picture).astype(np.uint8)
    return plain


def _landings(heights: Numbers | None, fps: float) -> tuple[float, ...]:
    if heights is None:
        return ()
    steps = np.diff(heights)
    jumps, bends = _jumps(steps * fps), np.maximum(0, -np.diff(steps))  # bends[i] is at picture i + 1
    apart = max(APART_SECONDS, APART_PICTURES / fps)
    found: list[float] = []
    for at in np.argsort(-jumps)[: np.count_nonzero(jumps >= MIN_LANDING_JUMP)]:
        time = _sharpest(bends, max(0, at - 1), at + 4) / fps
        if all(abs(time - other) > apart for other in found):
            found.append(time)
    return tuple(sorted(found))


def _jumps(speeds: Numbers) -> Numbers:
    """Decrease of the downward speed within two pictures, in heights a second; 0 without a hard landing."""
    padded = np.concatenate([np.zeros(2), speeds])
    fastest = np.maximum(padded[:-1], padded[1:])
    earlier, before, after = fastest[:-4], fastest[2:-2], np.minimum(padded[4:-1], padded[5:])
    is_hard = earlier - before < SOFT_LANDING_SHARE * (before - after)
    slowed: Numbers = np.where(is_hard & (before > MIN_FALL_SPEED) & (after < MIN_FALL_SPEED / 5), before - after, 0)
    return slowed


def _sharpest(bends: Numbers, first: int, end: int) -> float:
    """The (fractional) picture of the sharpest bend within [first, end): a landing is between two pictures."""
    place = first + int(np.argmax(bends[first:end]))
    around = np.arange(max(0, place - 1), min(len(bends), place + 2))
    return float(np.average(around, weights=bends[around])) + 1
