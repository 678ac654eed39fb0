"""Detectors that use only pixels and samples, not the scene."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.engines.scene.figures import RGB

Numbers = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]


def mask_of(colour: str, frame: NDArray[np.uint8]) -> Mask:
    """Where a frame is saturated and has the hue of a colour."""
    pixels, wanted = (_hue(np.asarray(x, np.float32)) for x in (frame, RGB[colour]))
    length = np.linalg.norm(pixels, axis=-1)
    likeness = pixels @ wanted / (np.maximum(length, 1) * np.linalg.norm(wanted))
    mask: Mask = (likeness > 0.97) & (length > 60)
    return mask


def _hue(rgb: Numbers) -> Numbers:
    hue: Numbers = rgb - rgb.mean(-1, keepdims=True)
    return hue


def heights(colour: str, frames: NDArray[np.uint8]) -> Numbers:
    """The middle row of a colour in each frame."""
    return np.array([np.nonzero(mask_of(colour, frame))[0].mean() for frame in frames])


def seen_impacts(rows: Numbers, fps: int) -> Numbers:
    """Seconds at which a bouncing object turns: where the parabolas before and after the turn meet."""
    turns = [k for k in range(5, len(rows) - 5) if rows[k] >= rows[k - 4 : k + 5].max() and np.ptp(rows[k : k + 5]) > 8]
    return np.array([_meeting(rows, k) / fps for k in turns])


def _meeting(rows: Numbers, k: int) -> float:
    before, after = np.arange(k - 4, k), np.arange(k + 1, k + 5)
    falling, rising = np.polyfit(before - k, rows[before], 2), np.polyfit(after - k, rows[after], 2)
    around = np.linspace(-1, 1, 801)
    return float(k + around[np.argmin(np.abs(np.polyval(falling, around) - np.polyval(rising, around)))])


def onsets(pcm: Numbers, rate: int) -> Numbers:
    """Seconds at which the energy of 5 ms grows tenfold within 15 ms, at most one in 60 ms."""
    step = rate // 200
    energy = (pcm[: len(pcm) // step * step].reshape(-1, step * pcm.shape[1]) ** 2).sum(1)
    found: list[int] = []
    for i in np.nonzero(energy[3:] > 10 * energy[:-3])[0] + 3:
        if not found or i - found[-1] > 12:
            found.append(int(i))
    return np.array(found) / 200


def loudness(pcm: Numbers) -> float:
    """Decibels below full scale."""
    return float(10 * np.log10(np.mean(np.asarray(pcm, float) ** 2) + 1e-12))
