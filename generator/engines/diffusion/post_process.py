"""Post-processing of drawn pictures to the requested size, without distortion."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generator.ports import Before

RESIZE_BATCH: Final = 8
"""Pictures resized in one call: fast, with little extra memory."""


def pictures(clips: Any) -> NDArray[np.uint8]:
    """A tensor [clips, n, 3, height, width] in 0..1 -> 0..255 [clips, n, height, width, 3], converted on its device."""
    whole = (clips.float() * 255).round().clamp(0, 255).byte()
    found: NDArray[np.uint8] = whole.movedim(2, -1).contiguous().cpu().numpy()
    return found


def last_frames(before: Before, fps: int, max_frames: int) -> NDArray[np.uint8]:
    """Up to `max_frames` of the last pictures, resampled to `fps` and including the very last."""
    back = np.arange(max_frames) * before.fps / fps
    back = back[back <= len(before.frames) - 1].round().astype(int)
    last: NDArray[np.uint8] = before.frames[len(before.frames) - 1 - back[::-1]]
    return last


def fitted(frames: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Pictures scaled until they cover the size, and cropped evenly on two sides."""
    import torch

    high, wide = frames.shape[1:3]
    if (wide, high) == (width, height):
        return frames
    scale = max(width / wide, height / high)
    whole = max(round(high * scale), height), max(round(wide * scale), width)
    top, left = (whole[0] - height) // 2, (whole[1] - width) // 2
    sized = np.empty((len(frames), height, width, 3), np.uint8)
    for begin in range(0, len(frames), RESIZE_BATCH):
        part = torch.from_numpy(frames[begin : begin + RESIZE_BATCH].copy()).permute(0, 3, 1, 2)
        large = torch.nn.functional.interpolate(part, size=whole, mode="bicubic", antialias=True).permute(0, 2, 3, 1)
        sized[begin : begin + RESIZE_BATCH] = large[:, top : top + height, left : left + width].numpy()
    return sized
