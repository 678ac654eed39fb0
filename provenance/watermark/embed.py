"""Invisible watermark: 64 bits in the brightness of a clip's pictures, which survive recompression and scaling.

Each second of pictures carries the whole word in one of four keyed patterns, in turn, so that another second keeps
what one loses. Pilot bits identify the pattern, so any pictures of the clip suffice, in any order. It does not survive
a crop (yet): that needs a fingerprint.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from placet.media.sandbox_client import read_frames
from provenance.watermark import grid
from provenance.watermark.code import PILOT_BITS, WORD_BITS, payload_of, word_of

Frames = NDArray[np.uint8]
Floats = NDArray[np.float32]

ALGORITHM: Final = "org.placet.luma-64"
_HOLD: Final = 24
_THREADS: Final = 2
_FLAT_LEVELS: Final = 1.1
_PER_BUSYNESS: Final = 0.8
_MAX_LEVELS: Final = 4.0
_MAX_MEAN_LEVELS: Final = 2.9  # PSNR never below 38.8 dB
_MIN_PILOT: Final = 11.0
_MAX_FRAMES: Final = 64


@dataclass(frozen=True)
class Detected:
    """A payload whose check bits match. Confidence: the share of the word that was read correctly, 0.5 to 1."""

    payload: int
    confidence: float


def embed(frames: Frames, payload: int, key: bytes, out: Frames | None = None) -> Frames:
    """Marks `frames` (n, height, width, 3; RGB); their PSNR stays above 38.8 dB. `out=frames` marks them in place.

    `payload` has 64 bits and is readable only with `key`. Raises `OverflowError` if it is longer.
    """
    word, marked = word_of(payload, key), np.empty_like(frames) if out is None else out
    starts = range(0, len(frames), _HOLD)
    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(partial(_mark_run, frames, marked, word, key), starts):
            pass
    return marked


def detect(frames: Frames | Sequence[Frames], key: bytes) -> Detected | None:
    """Reads the mark from any pictures of a clip, of any size; None without a reliable mark."""
    if not len(frames):
        return None
    picked = np.unique(np.linspace(0, len(frames) - 1, min(len(frames), _MAX_FRAMES)).round().astype(int))
    soft = np.stack([_soft_words(frames[index], key) for index in picked])
    word = _joined(soft)
    if word[-PILOT_BITS:].sum() / np.sqrt(PILOT_BITS) < _MIN_PILOT:
        return None
    payload = payload_of(word, key)
    if payload is None:
        return None
    return Detected(payload, float(np.mean(np.sign(word) == word_of(payload, key))))


def read_back(mp4: bytes | Path, key: bytes) -> Detected | None:
    """Reads the mark from an encoded clip, in the sandbox. Raises `UnreadableMedia`, `SandboxUnavailable`."""
    frames = read_frames(mp4, max_frames=_MAX_FRAMES, per_second=6.0)
    return detect([frame.pixels for frame in frames], key)


def _mark_run(frames: Frames, marked: Frames, word: Floats, key: bytes, start: int) -> None:
    change = _change(frames[start], word, key, start // _HOLD % grid.PATTERNS)
    lighter = np.repeat(np.maximum(change, 0).astype(np.uint8)[..., None], 3, axis=2)
    darker = np.repeat(np.maximum(-change, 0).astype(np.uint8)[..., None], 3, axis=2)
    room = 255 - lighter
    for index in range(start, min(start + _HOLD, len(frames))):
        one = marked[index]
        np.minimum(frames[index], room, out=one)
        one += lighter
        np.maximum(one, darker, out=one)
        one -= darker


def _change(frame: Frames, word: Floats, key: bytes, pattern: int) -> Floats:
    """Change of brightness for one run of pictures, in levels, (height, width)."""
    height, width = frame.shape[:2]
    shape = grid.canonical_shape(height, width)
    bits, signs = grid.layout(key)
    levels = np.clip(_FLAT_LEVELS + _PER_BUSYNESS * grid.busyness(grid.canonical_luma(frame)), None, _MAX_LEVELS)
    levels *= min(1.0, _MAX_MEAN_LEVELS / float(np.sqrt(np.mean(levels**2))))
    chips = (signs[pattern] * word[bits[pattern]]).reshape(*levels.shape, -1)
    small = grid.waves_to_luma(chips * levels[..., None], shape)
    return np.rint(grid.scaled(small, height, width))


def _soft_words(frame: Frames, key: bytes) -> Floats:
    """One picture decoded with each pattern, (4, 256); noise alone has standard deviation 1."""
    bits, signs = grid.layout(key)
    waves = grid.waves_of(frame)
    per_bit = np.sqrt(grid.PLACES / WORD_BITS)
    words = [np.bincount(bits[one], waves * signs[one], WORD_BITS) / per_bit for one in range(grid.PATTERNS)]
    return np.stack(words).astype(np.float32)


def _joined(soft: Floats) -> Floats:
    """One word from all pictures, (frames, 4, 256) to (256,), weighted by their pilot bits."""
    pilot = soft[:, :, -PILOT_BITS:].sum(axis=2) / np.sqrt(PILOT_BITS)
    loud = max(1.0, float(np.median(pilot.max(axis=1))) - 0.5)
    share = np.exp(np.clip(loud * (pilot - pilot.max(axis=1, keepdims=True)), -50.0, 0.0))
    weight = share / share.sum(axis=1, keepdims=True) * np.maximum(0.0, pilot)
    total = (weight[..., None] * soft).sum(axis=(0, 1))
    return np.asarray(total / max(1e-6, float(np.sqrt((weight**2).sum()))), np.float32)
