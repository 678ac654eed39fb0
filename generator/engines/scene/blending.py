"""Putting a painted window into a frame, cut at the frame's edges."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating[Any]]
Frame = NDArray[np.uint8]


def window(frame: Frame, left: float, top: float, right: float, bottom: float) -> tuple[int, int, Frame] | None:
    """The part of the frame inside the box, with its first row and column; None where nothing is inside."""
    x0, y0 = max(int(left), 0), max(int(top), 0)
    x1, y1 = min(int(right), frame.shape[1]), min(int(bottom), frame.shape[0])
    return (y0, x0, frame[y0:y1, x0:x1]) if x1 > x0 and y1 > y0 else None


def blend(pixels: Frame, rgb: Field, alpha: Field) -> None:
    """Lays `rgb` [h, w, 3] in 0..255 over the pixels by `alpha` [h, w] in 0..1."""
    pixels[:] = np.clip(pixels + (rgb - pixels) * alpha[..., None], 0, 255)
