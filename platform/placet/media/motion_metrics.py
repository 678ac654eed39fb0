"""What moves in a clip, from small pictures alone: when all stands still, when it halts, when something lands."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.ma  # np.median wants it late, when the child that watches can open no file any more
from numpy.typing import NDArray

Pictures = NDArray[np.uint8]
Numbers = NDArray[np.floating[Any]]
LEAST: Final = 5
STILL_LEVELS: Final = 6
"""Two pictures are alike when no value differs by more: so much an encoder does to a scene at rest."""
CHANGED_LEVELS: Final = 12
APART_LEVELS: Final = 30
"""What differs so much from the background stands before it."""
STILL_SECONDS: Final = 0.5
STILL_BY_HAND_SECONDS: Final = 2.0
"""A hand that trembles is at rest now and then, for 1.5 s at most in forty clips."""
HALTS_WITHIN: Final = 2
HALTS_FROM: Final = 0.5
"""What stops at once moved at this share of its usual change, at least, in the two pictures before."""
LARGEST_THING: Final = 0.25
"""Of the picture: where more than that stands before the background, it is not one thing before a still one."""
WIDE: Final = 0.7
"""Of the columns: one thing changes fewer from picture to picture, 0.66 at most in a hundred clips."""
CAMERA_MOVES_FROM: Final = 0.06
"""Of the pictures that change: where more of them change so wide, the camera moves. By hand 0.16 or more, else none."""
LANDS_FROM: Final = 0.25
"""Heights a second downwards."""
LANDING: Final = 0.45
"""By how many heights a second a landing changes the speed, within two pictures."""
SOFT: Final = 0.25
"""What slowed down by this share of it in the two pictures before did not land: it turned."""
APART_SECONDS: Final = 0.1
APART_PICTURES: Final = 2.5
"""Two landings lie further apart than either."""
FEWEST_CHANGED: Final = 3
"""Pixels; of fewer nobody can say where they are."""
FAR: Final = 0.25
"""Heights from a row at which what moves does not hide it."""
ENDS: Final = 0.2
"""Of a row, on either side: less of it than that is the thing, where it hangs in one place."""
LOOKS: Final = (5, 24)
"""A row's background is taken from so many pictures, at least and at most, in which what moves is far from it."""


@dataclass(frozen=True, slots=True)
class Moving:
    """Seconds. `stills`: (begin, end) of each stretch without any change; `halts`: where motion is broken off.

    `landings`: when what came down turns or stops. Claimed only where one thing moves before a background that rests.
    """

    still_share_0_1: float
    stills: tuple[tuple[float, float], ...]
    halts: tuple[float, ...]
    landings: tuple[float, ...]


def watch(pictures: Pictures, fps: float) -> Moving:
    """`pictures` [T, h, w, 3], small. Of less than five nothing is said."""
    if len(pictures) < LEAST:
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
    """Of each picture against the one before: the largest difference, and what changed: its share, middle and width.

    The middle in heights from above, the width as a share of the columns; NaN of too few pixels.
    """
    peaks, shares, middles, widths = [], [], [], []
    rows = np.arange(pictures.shape[1]) / pictures.shape[1]
    for one, next_one in pairwise(pictures):
        apart = np.abs(next_one.astype(np.int16) - one).max(axis=2)
        changed = apart > CHANGED_LEVELS
        counts, is_enough = changed.sum(axis=1), changed.sum() >= FEWEST_CHANGED
        peaks.append(apart.max())
        shares.append(counts.sum() / apart.size)
        middles.append((counts * rows).sum() / counts.sum() if is_enough else np.nan)
        widths.append(changed.any(axis=0).mean() if is_enough else np.nan)
    return np.array(peaks, float), np.array(shares, float), np.array(middles, float), np.array(widths, float)


def _camera_moves(widths: Numbers) -> bool:
    known = widths[np.isfinite(widths)]
    return bool(len(known)) and float((known > WIDE).mean()) > CAMERA_MOVES_FROM


def _stretches(alike: NDArray[np.bool_], at_least: int) -> list[tuple[int, int]]:
    """(first picture, last picture) of each run of alike neighbours."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], alike, [False]]).astype(int)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2) if b - a >= at_least]


def _is_halt(shares: Numbers, begin: int) -> bool:
    """What comes to rest slows down first; what is broken off does not."""
    if begin < HALTS_WITHIN or not shares.any():
        return False
    return bool(shares[begin - HALTS_WITHIN : begin].min() > HALTS_FROM * np.percentile(shares[shares > 0], 75))


def _near(times: tuple[float, ...], at: float) -> bool:
    return any(abs(time - at) <= APART_SECONDS for time in times)


def _heights(pictures: Pictures, shares: Numbers, middles: Numbers) -> Numbers | None:
    """How far down the middle of what moves is, in each picture, in heights; None where that cannot be told."""
    if not np.isfinite(middles).any():
        return None
    background = _background(pictures, shares, middles).astype(np.int16)
    thing = np.stack([np.abs(one.astype(np.int16) - background).max(axis=2) > APART_LEVELS for one in pictures])
    if thing.mean(axis=(1, 2)).max() > LARGEST_THING:
        return None
    rows, counts = np.arange(pictures.shape[1]) / pictures.shape[1], thing.sum(axis=2)
    sizes = counts.sum(axis=1)
    seen = np.flatnonzero(sizes)
    if not len(seen):
        return None
    heights: Numbers = np.interp(np.arange(len(pictures)), seen, (counts[seen] * rows).sum(axis=1) / sizes[seen])
    return heights


def _background(pictures: Pictures, shares: Numbers, middles: Numbers) -> Pictures:
    """What each row shows in most pictures in which that which changes is far from it.

    So a thing that is long near the floor is not taken for the floor. Where there are too few such pictures, in most of
    those that lie equally far apart in change: a thing at rest counts once. What stands out in such a row may be the
    thing, which hung there: there it is as at the row's ends.
    """
    passed = np.concatenate([[0.0], np.cumsum(shares)])
    picks = np.unique(np.searchsorted(passed, np.linspace(0, passed[-1], 48)[1:-1]))
    known = np.flatnonzero(np.isfinite(middles))
    at = np.interp(np.arange(len(pictures)), known + 0.5, middles[known])
    background: Pictures = _plain(np.median(pictures[picks], axis=0).astype(np.uint8))
    for row in range(pictures.shape[1]):
        away = np.flatnonzero(np.abs(at - row / pictures.shape[1]) > FAR)
        if len(away) >= LOOKS[0]:
            looks = away[np.linspace(0, len(away) - 1, min(len(away), LOOKS[1])).astype(int)]
            background[row] = np.median(pictures[looks, row], axis=0)
    return background


def _plain(picture: Pictures) -> Pictures:
    """The same [h, w, 3] with each row's ends where something stands out from them."""
    end = max(1, round(ENDS * picture.shape[1]))
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
    for at in np.argsort(-jumps)[: np.count_nonzero(jumps >= LANDING)]:
        time = _sharpest(bends, max(0, at - 1), at + 4) / fps
        if all(abs(time - other) > apart for other in found):
            found.append(time)
    return tuple(sorted(found))


def _jumps(speeds: Numbers) -> Numbers:
    """By how much a way down is slowed within two pictures, in heights a second; 0 where nothing lands hard there."""
    padded = np.concatenate([np.zeros(2), speeds])
    fastest = np.maximum(padded[:-1], padded[1:])
    earlier, before, after = fastest[:-4], fastest[2:-2], np.minimum(padded[4:-1], padded[5:])
    is_hard = earlier - before < SOFT * (before - after)
    slowed: Numbers = np.where(is_hard & (before > LANDS_FROM) & (after < LANDS_FROM / 5), before - after, 0)
    return slowed


def _sharpest(bends: Numbers, first: int, end: int) -> float:
    """The picture at which a way bends most within [first, end), in parts of one: it lands between two of them."""
    place = first + int(np.argmax(bends[first:end]))
    around = np.arange(max(0, place - 1), min(len(bends), place + 2))
    return float(np.average(around, weights=bends[around])) + 1
