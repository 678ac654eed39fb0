"""What the model draws -> what was asked for: as long, and as large. Nothing is stretched out of shape."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def pictures(frames: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """0..1 -> 0..255 [n, height, width, 3]."""
    return (frames * 255).round().clip(0, 255).astype(np.uint8)


def lasting(frames: NDArray[np.uint8], seconds: float, fps: int) -> NDArray[np.uint8]:
    """The first of them, for so long."""
    return frames[: max(round(seconds * fps), 1)]


def fitted(frames: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Enlarged or made smaller until they cover the size, and cut evenly at two sides."""
    high, wide = frames.shape[1:3]
    if (wide, high) == (width, height):
        return frames
    scale = max(width / wide, height / high)
    left, top = (wide - width / scale) / 2, (high - height / scale) / 2
    box = (left, top, wide - left, high - top)
    sized = np.empty((len(frames), height, width, 3), np.uint8)  # one by one: pictures of PIL take a third more
    for place, frame in zip(sized, frames, strict=True):
        place[:] = np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.BICUBIC, box=box))
    return sized
