"""Audio metrics from samples alone: onsets, lag behind the picture, loudness."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]
STEPS_A_SECOND: Final = 200
RISES_TENFOLD_IN: Final = 3
MIN_STEPS_BETWEEN_ONSETS: Final = 12
MAX_LAG_SECONDS: Final = 0.5
TOGETHER: Final = 0.06
"""Seconds within which two lags count as one; at low frame rates, TOGETHER_PICTURES frames."""
TOGETHER_PICTURES: Final = 1.25
QUIET_DBFS: Final = -45.0
"""Below this level is silence."""


def onsets(pcm: Numbers, rate: int) -> Numbers:
    """Seconds at which the energy of 5 ms grows tenfold within 15 ms, above silence; at most one in 60 ms.

    `pcm` [samples] or [samples, channels].
    """
    energy = _energy(pcm, rate)
    loud = energy > 10 ** (QUIET_DBFS / 10)
    rises = np.flatnonzero(loud[RISES_TENFOLD_IN:] & (energy[RISES_TENFOLD_IN:] > 10 * energy[:-RISES_TENFOLD_IN]))
    found: list[int] = []
    for step in rises + RISES_TENFOLD_IN:
        if not found or step - found[-1] > MIN_STEPS_BETWEEN_ONSETS:
            found.append(int(step))
    return np.array(found) / STEPS_A_SECOND


def lag(seen: Sequence[float], heard: Numbers, fps: float) -> float | None:
    """Seconds by which the sound lags behind the picture, at most half a second; None if uncertain.

    The smallest shift that matches the most seen events with a sound. Uncertain if either is missing, or if half of
    the sounds or more match nothing seen; unless two or more events were seen and each has its sound.
    """
    gaps = np.array([sound - at for at in seen for sound in heard if abs(sound - at) <= MAX_LAG_SECONDS])
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
    """Loudest 5 ms, in dBFS."""
    return float(10 * np.log10(_energy(pcm, rate).max() + 1e-12))


def _energy(pcm: Numbers, rate: int) -> Numbers:
    mono = np.asarray(pcm, float).reshape(len(pcm), -1).mean(1)
    step = rate // STEPS_A_SECOND
    energy: Numbers = (mono[: len(mono) // step * step].reshape(-1, step) ** 2).mean(1)
    return energy
