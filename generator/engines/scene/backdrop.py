"""Backdrop: the still picture behind the scene, with light, a floor in perspective, and grain for the watermark."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.floating[Any]]
HORIZON, FLOOR_LINE = 0.66, 0.8
"""Where the floor begins and where objects stand, as shares of the frame's height."""
GRAIN = 0.014
SKY = {
    "studio": ((176, 184, 196), (232, 228, 222)),
    "sky": ((86, 150, 220), (206, 228, 244)),
    "sunset": ((96, 74, 136), (250, 176, 116)),
    "night": ((30, 36, 84), (92, 92, 150)),
}
GROUND = {
    "grass": ((96, 146, 70), (58, 112, 46)),
    "wood": ((176, 132, 92), (140, 96, 60)),
    "sand": ((222, 198, 152), (204, 172, 122)),
    "stone": ((150, 150, 152), (112, 112, 118)),
}
DIM = {"studio": 1.0, "sky": 1.0, "sunset": 0.86, "night": 0.62}


@dataclass(frozen=True)
class Canvas:
    """Size in pixels, and the random generator for textures."""

    width: int
    height: int
    chance: np.random.Generator

    def noise(self, rows: int, columns: int, height: int | None = None) -> Field:
        """Smooth noise of about -1..1: `rows` x `columns` cells scaled up to height x width."""
        cells = self.chance.uniform(-1, 1, (max(rows, 2), max(columns, 2))).astype(np.float32)
        size = (self.width, height or self.height)
        return np.asarray(Image.fromarray(cells).resize(size, Image.Resampling.BICUBIC), np.float32)


def backdrop(sky: str, floor: str, canvas: Canvas) -> Field:
    """The whole picture [height, width, 3] in 0..255, before grading."""
    line = int(canvas.height * HORIZON)
    above = _mixed(SKY[sky], np.linspace(0, 1, line, dtype=np.float32))
    picture = np.empty((canvas.height, canvas.width, 3), np.float32)
    picture[:line] = above + SKIES[sky](canvas, line)[..., None]
    picture[line:] = _ground(floor, canvas, canvas.height - line) * DIM[sky]
    picture[line - 2 : line + 2] *= 0.94
    grain = canvas.chance.standard_normal((canvas.height, canvas.width), np.float32)
    return picture * (1 + GRAIN * grain)[..., None]


def _mixed(ends: tuple[tuple[int, int, int], tuple[int, int, int]], share: Field) -> Field:
    """A vertical gradient [rows, 1, 3]."""
    first, last = (np.array(end, np.float32) for end in ends)
    return first + (last - first) * share[:, None, None]


def _lamp(canvas: Canvas, rows: int) -> Field:
    x = np.linspace(-1, 1, canvas.width, dtype=np.float32)[None, :]
    y = np.linspace(-1.1, 0.9, rows, dtype=np.float32)[:, None]
    light: Field = 26 * np.exp(-(x * x * 0.9 + y * y) * 1.4) - 16 + 2 * canvas.noise(6, 6, rows)
    return light


def _clouds(canvas: Canvas, rows: int) -> Field:
    shape = canvas.noise(5, 4, rows) + 0.5 * canvas.noise(11, 9, rows) + 0.25 * canvas.noise(24, 20, rows)
    light: Field = 52 * np.clip(shape - 0.15, 0, 1)
    return light


def _glow(canvas: Canvas, rows: int) -> Field:
    x = np.linspace(-0.9, 1.1, canvas.width, dtype=np.float32)[None, :]
    y = np.linspace(-1.9, 0.1, rows, dtype=np.float32)[:, None]
    light: Field = 70 * np.exp(-(x * x + y * y) * 5) + 5 * canvas.noise(14, 3, rows)
    return light


def _starlight(canvas: Canvas, rows: int) -> Field:
    light = 4 * canvas.noise(5, 5, rows)
    count = 70
    y, x = canvas.chance.integers(0, int(rows * 0.8), count), canvas.chance.integers(0, canvas.width - 1, count)
    light[y, x] += canvas.chance.uniform(50, 140, count).astype(np.float32)
    return light


SKIES: dict[str, Callable[[Canvas, int], Field]] = {
    "studio": _lamp,
    "sky": _clouds,
    "sunset": _glow,
    "night": _starlight,
}


def _ground(floor: str, canvas: Canvas, rows: int) -> Field:
    depth = np.linspace(0, 1, rows, dtype=np.float32)
    x = np.linspace(-1, 1, canvas.width, dtype=np.float32)[None, :] * canvas.width / min(canvas.width, canvas.height)
    lit = 1 + 0.08 * canvas.noise(4, 4, rows) + FLOORS[floor](canvas, x / (0.35 + depth[:, None]), depth[:, None])
    return _mixed(GROUND[floor], depth) * lit[..., None]


def _planks(canvas: Canvas, x: Field, depth: Field) -> Field:
    plank = np.floor(x * 3)
    shade = 0.07 * np.sin(plank * 12.9)
    grain = canvas.noise(7, canvas.width // 3, x.shape[0])
    light: Field = shade + 0.06 * grain - 0.3 * (np.abs(x * 3 - plank - 0.5) > 0.485) * (0.4 + depth)
    return light


def _tiles(canvas: Canvas, x: Field, depth: Field) -> Field:
    far = 1.6 / (0.35 + depth)
    column, row = np.floor(x * 2), np.floor(far * 2)
    shade = 0.06 * np.sin(column * 12.9 + row * 7.7)
    joint = (np.abs(x * 2 - column - 0.5) > 0.48) | (np.abs(far * 2 - row - 0.5) > 0.46)
    light: Field = shade + 0.07 * canvas.noise(30, 40, x.shape[0]) - 0.16 * joint
    return light


def _blades(canvas: Canvas, x: Field, depth: Field) -> Field:
    blades = canvas.noise(x.shape[0] // 5, canvas.width // 2, x.shape[0])
    light: Field = 0.2 * blades * (0.4 + depth) + 0.08 * canvas.noise(9, 14, x.shape[0])
    return light


def _grains(canvas: Canvas, x: Field, depth: Field) -> Field:
    ripples = np.sin(22 / (0.35 + depth) + 0.5 * x + 2.5 * canvas.noise(4, 5, x.shape[0]))
    light: Field = 0.035 * ripples + 0.06 * canvas.noise(x.shape[0] // 2, canvas.width // 2, x.shape[0])
    return light


FLOORS: dict[str, Callable[[Canvas, Field, Field], Field]] = {
    "wood": _planks,
    "stone": _tiles,
    "grass": _blades,
    "sand": _grains,
}
