"""What the model draws -> what was asked for: as long, and as large. Nothing is stretched out of shape."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generator.ports import Before

AT_ONCE: Final = 8
"""Pictures that are made larger in one call: it is fast, and takes little memory beside theirs."""


def pictures(clips: Any) -> NDArray[np.uint8]:
    """A tensor [clips, n, 3, height, width] in 0..1 -> 0..255 [clips, n, height, width, 3], made where it lies."""
    whole = (clips.float() * 255).round().clamp(0, 255).byte()
    found: NDArray[np.uint8] = whole.movedim(2, -1).contiguous().cpu().numpy()
    return found


def ending(before: Before, fps: int, most: int) -> NDArray[np.uint8]:
    """The last pictures, at most so many, at this pace: the last of all is among them."""
    back = np.arange(most) * before.fps / fps
    back = back[back <= len(before.frames) - 1].round().astype(int)
    last: NDArray[np.uint8] = before.frames[len(before.frames) - 1 - back[::-1]]
    return last


def fitted(frames: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Enlarged or made smaller until they cover the size, and cut evenly at two sides."""
    import torch

    high, wide = frames.shape[1:3]
    if (wide, high) == (width, height):
        return frames
    scale = max(width / wide, height / high)
    whole = max(round(high * scale), height), max(round(wide * scale), width)
    top, left = (whole[0] - height) // 2, (whole[1] - width) // 2
    sized = np.empty((len(frames), height, width, 3), np.uint8)
    for begin in range(0, len(frames), AT_ONCE):
        part = torch.from_numpy(frames[begin : begin + AT_ONCE].copy()).permute(0, 3, 1, 2)
        large = torch.nn.functional.interpolate(part, size=whole, mode="bicubic", antialias=True).permute(0, 2, 3, 1)
        sized[begin : begin + AT_ONCE] = large[:, top : top + height, left : left + width].numpy()
    return sized
