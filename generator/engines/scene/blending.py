"""Blending of a painted window into a frame, cropped at the frame's edges."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating[Any]]
Frame = NDArray[np.uint8]


def window(frame: Frame, left: float, top: float, right: float, bottom: float) -> tuple[int, int, Frame] | None:
    """First row, first column and pixels of the frame inside the box; None if they do not overlap."""
    x0, y0 = max(int(left), 0), max(int(top), 0)
    x1, y1 = min(int(right), frame.shape[1]), min(int(bottom), frame.shape[0])
    return (y0, x0, frame[y0:y1, x0:x1]) if x1 > x0 and y1 > y0 else None


def blend(pixels: Frame, rgb: Field, alpha: Field) -> None:
    """Blends `rgb` [h, w, 3] in 0..255 over the pixels by `alpha` [h, w] in 0..1."""
    pixels[:] = np.clip(pixels + (rgb - pixels) * alpha[..., None], 0, 255)
