"""Figures: painted shapes with a colour and a material."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from generator.engines.scene.blending import Field, Frame, blend, window
from generator.engines.scene.shapes import ROLLERS, SHAPES, Surface
from generator.engines.scene.styles import Grade

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
"""Half height, as a share of the frame's short side."""


class Figure(Protocol):
    """An object that is painted with its lowest point at `bottom` and its centre at `x` (pixels)."""

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
    """A shape of `half_height` pixels. `grain` is a noise tile of the largest window's size, relative to brightness."""

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
        inside = window(frame, x - 1.1 * r - 2, y - 1.1 * r - 2, x + 1.1 * r + 3, y + 1.1 * r + 3)
        if inside is None:
            return
        top, left, pixels = inside
        v = ((np.arange(pixels.shape[0], dtype=np.float32) + (top + 0.5 - y)) / r)[:, None]
        u = ((np.arange(pixels.shape[1], dtype=np.float32) + (left + 0.5 - x)) / r)[None, :]
        u, v = (np.ascontiguousarray(grid) for grid in np.broadcast_arrays(u, v))
        surface = SHAPES[self.shape][0](u, v, angle)
        blend(pixels, self._painted(surface, u, v), np.clip(0.5 - surface.distance * r, 0, 1))

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
