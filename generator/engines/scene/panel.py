"""Panel: the requester's picture as an object in the scene."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from generator.engines.scene.blending import Field, Frame, blend, window
from generator.engines.scene.styles import Grade
from generator.ports import BeyondCapabilities

PANEL_HIGH, PANEL_WIDE = 0.5, 0.9
"""The box that an uncropped picture fills, as shares of the frame."""
MAX_PIXELS = 4096 * 4096


@dataclass(frozen=True, eq=False)
class Panel:
    """The requester's picture, whole and upright, on a card. `picture` [h, w, 3] and `alpha` [h, w] in 0..1."""

    picture: Field
    alpha: Field
    material: str
    rolls: bool = False

    @property
    def half_width(self) -> float:
        return float(self.picture.shape[1] / 2)

    @property
    def half_height(self) -> float:
        return float(self.picture.shape[0] / 2)

    def paint(self, frame: Frame, x: float, bottom: float, angle: float) -> None:  # noqa: ARG002 - a panel stays upright
        top, left = round(bottom) - self.picture.shape[0], round(x - self.half_width)
        inside = window(frame, left, top, left + self.picture.shape[1], top + self.picture.shape[0])
        if inside is None:
            return
        row, column, pixels = inside
        part = np.s_[row - top : row - top + pixels.shape[0], column - left : column - left + pixels.shape[1]]
        blend(pixels, self.picture[part], self.alpha[part])


def panel(png: bytes, width: int, height: int, material: str, grade: Grade) -> Panel:
    """The picture scaled to fit its box in a frame of width x height pixels."""
    with Image.open(io.BytesIO(png), formats=["PNG"]) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise BeyondCapabilities(
                f"The picture has {opened.width}x{opened.height} pixels; at most 4096x4096 are read."
            )
        scale = min(PANEL_WIDE * width / opened.width, PANEL_HIGH * height / opened.height)
        size = (max(round(opened.width * scale), 2), max(round(opened.height * scale), 2))
        picture = np.asarray(opened.convert("RGB").resize(size, Image.Resampling.LANCZOS), np.float32)
    return Panel(grade(picture), _rounded(size[1], size[0], min(size) * 0.04), material)


def _rounded(height: int, width: int, corner: float) -> Field:
    """Alpha of a card with rounded corners."""
    y = np.abs(np.arange(height, dtype=np.float32) - (height - 1) / 2)[:, None] - height / 2 + corner
    x = np.abs(np.arange(width, dtype=np.float32) - (width - 1) / 2)[None, :] - width / 2 + corner
    alpha: Field = np.clip(corner + 0.5 - np.hypot(np.maximum(x, 0), np.maximum(y, 0)), 0, 1)
    return alpha
