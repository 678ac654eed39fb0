"""What is to be heard in a clip, from its samples alone: when something begins to sound, and how quiet it is else."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]
STEPS_A_SECOND: Final = 200
RISES_TENFOLD_IN: Final = 3
APART: Final = 12
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


def loudest(pcm: Numbers, rate: int) -> float:
    """Of any 5 ms, in decibels below full scale."""
    return float(10 * np.log10(_energy(pcm, rate).max() + 1e-12))


def _energy(pcm: Numbers, rate: int) -> Numbers:
    mono = np.asarray(pcm, float).reshape(len(pcm), -1).mean(1)
    step = rate // STEPS_A_SECOND
    energy: Numbers = (mono[: len(mono) // step * step].reshape(-1, step) ** 2).mean(1)
    return energy
