"""Things as painted: a shape in its colour and material, or a picture on a panel. Each blends itself into a frame."""

import io
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generator.engines.scene.shapes import ROLLERS, SHAPES, Field, Surface
from generator.engines.scene.styles import Grade
from generator.port import BeyondCapabilities

Frame = NDArray[np.uint8]
RGB = {
    "red": (222, 44, 40),
    "orange": (244, 134, 24),
    "yellow": (248, 208, 42),
    "green": (46, 168, 72),
    "blue": (40, 96, 220),
    "purple": (138, 62, 190),
    "white": (240, 240, 236),
    "black": (34, 34, 38),
}
GLOSS = {"metal": 150.0, "rubber": 60.0, "wood": 34.0}
SCENE_SIZE = {"small": 0.09, "medium": 0.135, "large": 0.185}
"""Half height in units of the frame's short side."""
PANEL_HIGH, PANEL_WIDE = 0.5, 0.9
"""The box, in parts of the frame, that a picture fills without being cut."""
MOST_PIXELS = 4096 * 4096


class Figure(Protocol):
    """Something that can be painted with its lowest point at `bottom` and its middle at `x` (pixels)."""

    @property
    def material(self) -> str: ...
    @property
    def half_width(self) -> float: ...
    @property
    def half_height(self) -> float: ...
    @property
    def rolls(self) -> bool: ...

    def paint(self, frame: Frame, x: float, bottom: float, angle: float) -> None: ...


@dataclass(frozen=True, eq=False)
class Solid:
    """A shape of `half_height` pixels. `grain` is a noise tile as big as the largest window, in parts of brightness."""

    shape: str
    colour: str
    material: str
    half_height: float
    grade: Grade
    grain: Field

    @property
    def half_width(self) -> float:
        return self.half_height * SHAPES[self.shape][1]

    @property
    def rolls(self) -> bool:
        return self.shape in ROLLERS

    @cached_property
    def _rgb(self) -> Field:
        return self.grade(np.array(RGB[self.colour], np.float32))

    def paint(self, frame: Frame, x: float, bottom: float, angle: float) -> None:
        r, y = self.half_height, bottom - self.half_height
        window = _window(frame, x - 1.1 * r - 2, y - 1.1 * r - 2, x + 1.1 * r + 3, y + 1.1 * r + 3)
        if window is None:
            return
        top, left, pixels = window
        v = ((np.arange(pixels.shape[0], dtype=np.float32) + (top + 0.5 - y)) / r)[:, None]
        u = ((np.arange(pixels.shape[1], dtype=np.float32) + (left + 0.5 - x)) / r)[None, :]
        u, v = (np.ascontiguousarray(grid) for grid in np.broadcast_arrays(u, v))
        surface = SHAPES[self.shape][0](u, v, angle)
        _blend(pixels, self._painted(surface, u, v), np.clip(0.5 - surface.distance * r, 0, 1))

    def _painted(self, surface: Surface, u: Field, v: Field) -> Field:
        if self.grade.is_flat:
            ink = np.clip((surface.distance * self.half_height + self.grade.outline * self.half_height), 0, 1)
            flat: Field = self._rgb * (np.round(surface.light * 3) / 3 * (1 - ink))[..., None]
            return flat
        grain = self.grain[: u.shape[0], : u.shape[1]] + _MATERIALS[self.material](u, v)
        matte: Field = self._rgb * (surface.light * (1 + grain))[..., None]
        return matte + (GLOSS[self.material] * surface.gloss)[..., None]


_MATERIALS = {
    "wood": lambda u, v: 0.07 * np.sin(16 * v + 2.2 * np.sin(2.5 * u)),
    "metal": lambda u, v: 0.05 * np.sin(5 * v - 2 * u) + 0.02 * np.sin(70 * v),
    "rubber": lambda u, v: 0.012 * np.sin(40 * u) * np.sin(40 * v),
}


@dataclass(frozen=True, eq=False)
class Panel:
    """The asker's picture, whole and upright, on a card. `picture` [h, w, 3] and `alpha` [h, w] in 0..1."""

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
        window = _window(frame, left, top, left + self.picture.shape[1], top + self.picture.shape[0])
        if window is None:
            return
        row, column, pixels = window
        part = np.s_[row - top : row - top + pixels.shape[0], column - left : column - left + pixels.shape[1]]
        _blend(pixels, self.picture[part], self.alpha[part])


def panel(png: bytes, width: int, height: int, material: str, grade: Grade) -> Panel:
    """The picture scaled to fit its box in a frame of width x height pixels."""
    with Image.open(io.BytesIO(png), formats=["PNG"]) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise BeyondCapabilities(
                f"The picture has {opened.width}x{opened.height} pixels; at most 4096x4096 are read."
            )
        scale = min(PANEL_WIDE * width / opened.width, PANEL_HIGH * height / opened.height)
        size = (max(round(opened.width * scale), 2), max(round(opened.height * scale), 2))
        picture = np.asarray(opened.convert("RGB").resize(size, Image.Resampling.LANCZOS), np.float32)
    return Panel(grade(picture), _rounded(size[1], size[0], min(size) * 0.04), material)


def _rounded(height: int, width: int, corner: float) -> Field:
    """Alpha of a card with round corners."""
    y = np.abs(np.arange(height, dtype=np.float32) - (height - 1) / 2)[:, None] - height / 2 + corner
    x = np.abs(np.arange(width, dtype=np.float32) - (width - 1) / 2)[None, :] - width / 2 + corner
    alpha: Field = np.clip(corner + 0.5 - np.hypot(np.maximum(x, 0), np.maximum(y, 0)), 0, 1)
    return alpha


def _window(frame: Frame, left: float, top: float, right: float, bottom: float) -> tuple[int, int, Frame] | None:
    """The part of the frame inside the box, with its first row and column; None where nothing is inside."""
    x0, y0 = max(int(left), 0), max(int(top), 0)
    x1, y1 = min(int(right), frame.shape[1]), min(int(bottom), frame.shape[0])
    return (y0, x0, frame[y0:y1, x0:x1]) if x1 > x0 and y1 > y0 else None


def _blend(pixels: Frame, rgb: Field, alpha: Field) -> None:
    pixels[:] = np.clip(pixels + (rgb - pixels) * alpha[..., None], 0, 255)
