"""Synthetic clips: a drifting textured backdrop, a red block that crosses it, a tone. And a decompression bomb."""

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from placet.media.encode import Encoded, encode_mp4

FPS = 24
RATE = 44_100


def moving_frames(count: int, height: int = 512, width: int = 288, seed: int = 0) -> NDArray[np.uint8]:
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [90 + 60 * np.sin(across / 37), 100 + 50 * np.cos(down / 41), 110 + 40 * np.sin((across + down) / 29)]
    grain = np.random.default_rng(seed).normal(0, 6, (height, width, 1))
    backdrop = np.stack(waves, axis=-1) + (grain + np.roll(grain, 1, axis=0)) / 1.4
    frames = np.empty((count, height, width, 3), np.uint8)
    for at in range(count):
        picture = np.roll(backdrop, 2 * at, axis=1)
        left = int(width * 0.7 * at / count)
        picture[height // 3 : height // 2, left : left + width // 5] = [230, 60, 40]
        frames[at] = np.clip(picture, 0, 255)
    return frames


def tone(seconds: float, level: float = 0.3) -> NDArray[np.float32]:
    wave = level * np.sin(2 * np.pi * 440 * np.arange(int(seconds * RATE)) / RATE)
    return np.repeat(wave.astype(np.float32)[:, None], 2, axis=1)


def small_clip(path: Path, seconds: float = 2.0, crf: int = 23, seed: int = 0) -> Encoded:
    frames = moving_frames(int(seconds * FPS), seed=seed)
    return encode_mp4(frames, FPS, tone(seconds), RATE, path, crf=crf)


def declared_png(width: int, height: int) -> bytes:
    """A PNG that declares this size and holds next to nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
