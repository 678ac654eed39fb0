"""Watermark grid: the mark uses low-frequency waves of each 8 x 8 block of the picture at one canonical size.

Every picture is first scaled to 512 x 288 (or 288 x 512), so scaling does not matter. The key decides which wave of
which block carries which bit of the word, and with which sign, separately for each of four patterns.
"""

import hashlib
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.watermark.code import WORD_BITS

Floats = NDArray[np.float32]
Frame = NDArray[np.uint8]

PATTERNS: Final = 4
_SHORT: Final = 288
_LONG: Final = 512
_BLOCK: Final = 8
_WAVES: Final = ((1, 1), (1, 2), (2, 1), (0, 2), (2, 0))
PLACES: Final = _SHORT * _LONG // _BLOCK**2 * len(_WAVES)
_LUMA: Final = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
_OUTLIER: Final = 3.0


def canonical_shape(height: int, width: int) -> tuple[int, int]:
    return (_LONG, _SHORT) if height > width else (_SHORT, _LONG)


@lru_cache(maxsize=8)
def layout(key: bytes) -> tuple[NDArray[np.int64], Floats]:
    """Which bit each place carries and with which sign, both (4, places). From SHAKE-256, so it never changes."""
    bits, signs = [], []
    for pattern in range(PATTERNS):
        order = np.argsort(_stream(key, f"place {pattern}", 8 * PLACES).view(">u8"), kind="stable")
        bits.append(np.argsort(order, kind="stable") % WORD_BITS)
        signs.append(1.0 - 2.0 * (_stream(key, f"sign {pattern}", PLACES) & 1))
    return np.stack(bits), np.stack(signs).astype(np.float32)


def canonical_luma(frame: Frame) -> Floats:
    """The brightness of a picture (height, width, 3) at the canonical size."""
    height, width = frame.shape[:2]
    step = max(1, min(height, width) // _SHORT)
    sums = np.zeros((height // step, width // step, 3), dtype=np.uint16)
    for down in range(step):
        for across in range(step):
            sums += frame[down : height // step * step : step, across : width // step * step : step]
    small = np.einsum("hwc,c->hw", sums, _LUMA / step**2, dtype=np.float32)
    return scaled(small, *canonical_shape(height, width))


def busyness(luma: Floats) -> Floats:
    """Standard deviation of the calmest quarter of each block, in levels: a high one hides a stronger mark.

    The calmest, because a sharp edge next to an even sky hides nothing.
    """
    quarters = _tiles(luma, _BLOCK // 2).std(axis=(2, 3))
    return np.asarray(_tiles(quarters, 2).min(axis=(2, 3)), np.float32)


def waves_to_luma(amplitudes: Floats, shape: tuple[int, int]) -> Floats:
    """The canonical picture of `amplitudes` (rows, columns, waves); amplitudes of 1.0 have an RMS of 1 level."""
    tiles = np.tensordot(amplitudes * (_BLOCK / len(_WAVES) ** 0.5), _waves(), axes=([2], [0]))
    return np.asarray(tiles.transpose(0, 2, 1, 3).reshape(shape), np.float32)


def waves_of(frame: Frame) -> Floats:
    """Amplitude of each wave in each block, flattened to (places,): outliers clipped, mean square 1."""
    waves = np.tensordot(_tiles(canonical_luma(frame), _BLOCK), _waves(), axes=([2, 3], [1, 2]))
    usual = np.median(np.abs(waves), axis=(0, 1)) + 1.0
    flat = np.clip(waves / usual, -_OUTLIER, _OUTLIER).reshape(-1)
    return np.asarray(flat / max(1e-6, float(np.sqrt(np.mean(flat**2)))), np.float32)


def scaled(picture: Floats, height: int, width: int) -> Floats:
    """Brightness scaled to another size: linear up, and down with a triangle as wide as one new pixel."""
    return _scaled_rows(np.ascontiguousarray(_scaled_rows(picture, height).T), width).T


def _scaled_rows(picture: Floats, to: int) -> Floats:
    of = len(picture)
    centre = (np.arange(to) + 0.5) * (of / to) - 0.5
    if to < of:
        weights = np.maximum(0.0, 1.0 - np.abs(np.arange(of)[None] - centre[:, None]) / (of / to))
        return np.asarray((weights / weights.sum(axis=1, keepdims=True)).astype(np.float32) @ picture, np.float32)
    above = np.clip(np.floor(centre).astype(int), 0, max(0, of - 2))
    share = np.clip(centre - above, 0.0, 1.0).astype(np.float32)[:, None]
    upper = picture[above]
    return np.asarray(upper + (picture[np.minimum(above + 1, of - 1)] - upper) * share, np.float32)


def _stream(key: bytes, label: str, bytes_count: int) -> NDArray[np.uint8]:
    return np.frombuffer(hashlib.shake_256(key + b"placet mark " + label.encode()).digest(bytes_count), np.uint8)


def _tiles(picture: Floats, side: int) -> Floats:
    height, width = picture.shape
    return picture.reshape(height // side, side, width // side, side).transpose(0, 2, 1, 3)


@lru_cache(maxsize=1)
def _waves() -> Floats:
    """The orthonormal cosine waves, (waves, 8, 8)."""
    return np.stack([np.outer(_cosine(down), _cosine(across)) for down, across in _WAVES]).astype(np.float32)


def _cosine(frequency: int) -> NDArray[np.float64]:
    wave = np.cos(np.pi * (2 * np.arange(_BLOCK) + 1) * frequency / (2 * _BLOCK))
    return np.asarray(wave * np.sqrt((2 if frequency else 1) / _BLOCK), np.float64)
