"""What is to be heard in a clip, from its samples alone: when something begins to sound, and how quiet it is else."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]
STEPS_A_SECOND: Final = 200
RISES_TENFOLD_IN: Final = 3
APART: Final = 12
LARGEST_LAG: Final = 0.5
TOGETHER: Final = 0.06
"""Seconds within which two lags are the same one; where pictures are few, a picture and a quarter."""
TOGETHER_PICTURES: Final = 1.25
QUIET_DBFS: Final = -45.0
"""Below this nothing is heard."""


def onsets(pcm: Numbers, rate: int) -> Numbers:
    """Seconds at which the energy of 5 ms grows tenfold within 15 ms, above what is quiet; at most one in 60 ms.

    `pcm` [samples] or [samples, channels].
    """
    energy = _energy(pcm, rate)
    loud = energy > 10 ** (QUIET_DBFS / 10)
    rises = np.flatnonzero(loud[RISES_TENFOLD_IN:] & (energy[RISES_TENFOLD_IN:] > 10 * energy[:-RISES_TENFOLD_IN]))
    found: list[int] = []
    for step in rises + RISES_TENFOLD_IN:
        if not found or step - found[-1] > APART:
            found.append(int(step))
    return np.array(found) / STEPS_A_SECOND


def lag(seen: Sequence[float], heard: Numbers, fps: float) -> float | None:
    """Seconds by which what is heard comes after what is seen, at most half of one; None where that cannot be told.

    The shift that brings the most of what is seen together with a sound; the smallest of those that do. It cannot be
    told where either is missing, nor where half of what is heard, or more, belongs to nothing that was seen; unless two
    were seen, or more, and each has its sound.
    """
    gaps = np.array([sound - at for at in seen for sound in heard if abs(sound - at) <= LARGEST_LAG])
    if not len(gaps):
        return None
    near = np.abs(gaps[:, None] - gaps[None, :]) <= max(TOGETHER, TOGETHER_PICTURES / fps)
    best = min(range(len(gaps)), key=lambda i: (-near[i].sum(), abs(gaps[i])))
    together = int(near[best].sum())
    is_certain = together >= max(2, len(seen))
    if not is_certain and len(heard) > len(seen) and 2 * together <= len(heard):
        return None
    return float(np.median(gaps[near[best]]))


def loudest(pcm: Numbers, rate: int) -> float:
    """Of any 5 ms, in decibels below full scale."""
    return float(10 * np.log10(_energy(pcm, rate).max() + 1e-12))


def _energy(pcm: Numbers, rate: int) -> Numbers:
    mono = np.asarray(pcm, float).reshape(len(pcm), -1).mean(1)
    step = rate // STEPS_A_SECOND
    energy: Numbers = (mono[: len(mono) // step * step].reshape(-1, step) ** 2).mean(1)
    return energy
