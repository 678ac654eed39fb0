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
HALTS_WITHIN: Final = 2
HALTS_FROM: Final = 0.5
"""What stops at once moved at this share of its usual change, at least, in the two pictures before."""
LARGEST_THING: Final = 0.25
"""Of the picture: where more than that stands before the background, it is not one thing before a still one."""
LANDS_FROM: Final = 0.25
"""Heights a second downwards."""
LANDING: Final = 0.45
"""By how many heights a second a landing changes the speed, within two pictures."""
SOFT: Final = 0.25
"""What slowed down by this share of it in the two pictures before did not land: it turned."""
APART_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Moving:
    """Seconds. `stills`: (begin, end) of each stretch without any change; `halts`: where motion is broken off.

    `landings`: when what came down turns or stops. Found only where one thing moves before a background that rests.
    """

    still_share_0_1: float
    stills: tuple[tuple[float, float], ...]
    halts: tuple[float, ...]
    landings: tuple[float, ...]


def watch(pictures: Pictures, fps: float) -> Moving:
    """`pictures` [T, h, w, 3], small. Of less than five nothing is said."""
    if len(pictures) < LEAST:
        return Moving(0.0, (), (), ())
    peaks, shares = _changes(pictures)
    alike, landings = peaks <= STILL_LEVELS, _landings(_heights(pictures, shares), fps)
    stretches = _stretches(alike, max(1, round(STILL_SECONDS * fps)))
    halts = [begin / fps for begin, _ in stretches if _is_halt(shares, begin) and not _near(landings, begin / fps)]
    return Moving(
        float(alike.mean()), tuple((begin / fps, end / fps) for begin, end in stretches), tuple(halts), landings
    )


def _changes(pictures: Pictures) -> tuple[Numbers, Numbers]:
    """Of each picture against the one before: the largest difference, and the share of pixels that changed."""
    peaks, shares = [], []
    for one, next_one in pairwise(pictures):
        apart = np.abs(next_one.astype(np.int16) - one).max(axis=2)
        peaks.append(apart.max())
        shares.append((apart > CHANGED_LEVELS).mean())
    return np.array(peaks, float), np.array(shares, float)


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


def _heights(pictures: Pictures, shares: Numbers) -> Numbers | None:
    """How far down the middle of what moves is, in each picture, in heights; None where that cannot be told.

    The background is what most pictures show that lie equally far apart in change: a thing at rest counts once.
    """
    passed = np.concatenate([[0.0], np.cumsum(shares)])
    if passed[-1] <= 0:
        return None
    picks = np.unique(np.searchsorted(passed, np.linspace(0, passed[-1], 48)[1:-1]))
    background = np.median(pictures[picks], axis=0).astype(np.int16)
    thing = np.stack([np.abs(one.astype(np.int16) - background).max(axis=2) > APART_LEVELS for one in pictures])
    if thing.mean(axis=(1, 2)).max() > LARGEST_THING:
        return None
    rows, counts = np.arange(pictures.shape[1]) / pictures.shape[1], thing.sum(axis=2)
    with np.errstate(invalid="ignore"):
        heights: Numbers = (counts * rows).sum(axis=1) / counts.sum(axis=1)
    return heights


def _landings(heights: Numbers | None, fps: float) -> tuple[float, ...]:
    if heights is None:
        return ()
    speeds = np.concatenate([np.zeros(2), np.nan_to_num(np.diff(heights)) * fps])
    fastest = np.maximum(speeds[:-1], speeds[1:])
    earlier, before, after = fastest[:-4], fastest[2:-2], np.minimum(speeds[4:-1], speeds[5:])
    is_hard = earlier - before < SOFT * (before - after)
    jumps = np.where(is_hard & (before > LANDS_FROM) & (after < LANDS_FROM / 5), before - after, 0)
    found: list[float] = []
    for at in np.argsort(-jumps):
        time = float(at + 2) / fps
        if jumps[at] >= LANDING and not _near(tuple(found), time):
            found.append(time)
    return tuple(sorted(found))
