"""Tracks -> pictures: an object, lit from above, its shadow, a floor and a wall. Pictures are in -1..1."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from generator.trained.grammar import COLOURS, FLOORS, SHAPES
from generator.training.tracks import FLOOR_Y, HEIGHT, WIDTH, Tracks

WALL: Final = {"wood": ((222, 214, 203), (196, 186, 173)), "grass": ((178, 208, 236), (214, 230, 243))}
"""Floor -> RGB of what is behind it, at the top and above the floor."""
GROUND: Final = {"wood": ((150, 104, 64), (120, 80, 48)), "grass": ((86, 140, 72), (58, 104, 50))}
"""Floor -> RGB at its far edge and in front."""
POINTS: Final = 5
INNER: Final = 0.52
"""Of a star: how far its inner corners are out."""


WINDOW: Final = 48
DEEP: Final = 14
EDGE: Final = 12
"""Pixels drawn beyond each border, so that no window ends outside."""


@dataclass(frozen=True, slots=True)
class Looks:
    """Indices [B] into COLOURS, SHAPES and FLOORS."""

    colour: Tensor
    shape: Tensor
    floor: Tensor


def draw(looks: Looks, track: Tracks) -> Tensor:
    """Pictures [B, T, 3, 160, 96]."""
    count, frames = track.x.shape
    canvas = functional.pad(backdrops(looks.floor), (EDGE, EDGE, EDGE, EDGE))
    canvas = canvas[:, None].expand(count, frames, *canvas.shape[1:]).clone()
    _darken(canvas, track)
    _place(canvas, looks, track)
    return canvas[..., EDGE:-EDGE, EDGE:-EDGE] * 2 - 1


def _place(canvas: Tensor, looks: Looks, track: Tracks) -> None:
    """Paint the object into a window around it: most of a picture is not it."""
    window = _Window.around(canvas, track.x - WINDOW / 2, track.y - WINDOW / 2, WINDOW, WINDOW)
    dx, dy = window.offsets(track)
    cover = (0.5 - distances(looks.shape, track.radius, dx, dy)).clamp(0, 1)[:, :, None]
    light = (1.0 - 0.22 * (dy / track.radius[:, None, None, None])).clamp(0.72, 1.25)[:, :, None]
    body = (_rgb(COLOURS.values())[looks.colour][:, None, :, None, None] * light).clamp(max=1.0)
    window.put(window.get() * (1 - cover) + body * cover)


def _darken(canvas: Tensor, track: Tracks) -> None:
    """A shadow on the floor: small and faint under what is high above it."""
    top = torch.full_like(track.x, FLOOR_Y)
    window = _Window.around(canvas, track.x - WINDOW / 2, top, WINDOW, DEEP)
    dx, _ = window.offsets(track)
    along = (window.rows[:, :, :, None] + 0.5 - (FLOOR_Y + 2.0)) / 5.0
    above = (FLOOR_Y - track.radius[:, None] - track.y).clamp(min=0)[:, :, None, None]
    across = dx / (track.radius[:, None, None, None] * (1.05 - 0.004 * above))
    dark = (1.3 - (across**2 + along**2).sqrt()).clamp(0, 0.5) * 2 * (1 - above / 130).clamp(min=0.2)
    window.put(window.get() * (1 - 0.45 * dark[:, :, None]))


@dataclass(frozen=True, slots=True)
class _Window:
    """The same small part of each picture, at a place of its own. `rows` [B, T, h], `columns` [B, T, w] in pixels."""

    canvas: Tensor
    rows: Tensor
    columns: Tensor

    @classmethod
    def around(cls, canvas: Tensor, left: Tensor, top: Tensor, width: int, height: int) -> "_Window":
        rows = top.floor().long()[:, :, None] + torch.arange(height)
        return cls(canvas, rows, left.floor().long()[:, :, None] + torch.arange(width))

    def offsets(self, track: Tracks) -> tuple[Tensor, Tensor]:
        """How far each pixel's middle is from the object's [B, T, h, w]."""
        dx = self.columns[:, :, None, :] + 0.5 - track.x[:, :, None, None]
        dy = self.rows[:, :, :, None] + 0.5 - track.y[:, :, None, None]
        return torch.broadcast_tensors(dx, dy)  # type: ignore[no-any-return,no-untyped-call]

    def get(self) -> Tensor:
        """[B, T, 3, h, w]."""
        found = self.canvas.flatten(3).gather(3, self._index())
        return found.view(*found.shape[:3], self.rows.shape[2], self.columns.shape[2])

    def put(self, pixels: Tensor) -> None:
        self.canvas.flatten(3).scatter_(3, self._index(), pixels.flatten(3))

    def _index(self) -> Tensor:
        wide = self.canvas.shape[-1]
        places = (self.rows[:, :, :, None] + EDGE) * wide + self.columns[:, :, None, :] + EDGE
        return places.flatten(2)[:, :, None].expand(-1, -1, 3, -1)


def distances(shape: Tensor, radius: Tensor, dx: Tensor, dy: Tensor) -> Tensor:
    """Signed distance to the outline in pixels [B, T, H, W]; inside it is negative."""
    r = radius[:, None, None, None]
    found = torch.empty_like(dx)
    for index, name in enumerate(SHAPES):
        if (mine := torch.nonzero(shape == index).flatten()).numel():
            found[mine] = OUTLINES[name](dx[mine], dy[mine], r[mine])
    return found


def backdrops(floor: Tensor) -> Tensor:
    """Wall and floor without anything on it [B, 3, 160, 96], in 0..1."""
    rows = torch.arange(HEIGHT, dtype=torch.float32)[None, None, :, None]
    up = (rows / FLOOR_Y).clamp(max=1)
    down = ((rows - FLOOR_Y) / (HEIGHT - FLOOR_Y)).clamp(min=0)
    walls, grounds = _between(WALL, floor, up), _between(GROUND, floor, down)
    stripes = 1 - 0.06 * (torch.arange(WIDTH) // 12 % 2)[None, None, None, :]
    return torch.where(rows < FLOOR_Y, walls, grounds * stripes).expand(len(floor), 3, HEIGHT, WIDTH)


def _between(table: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]], floor: Tensor, share: Tensor) -> Tensor:
    first, second = (_rgb(table[name][end] for name in FLOORS)[floor][:, :, None, None] for end in (0, 1))
    return first + (second - first) * share


def _rgb(colours: object) -> Tensor:
    return torch.tensor(list(colours), dtype=torch.float32) / 255  # type: ignore[call-overload]


def _ball(dx: Tensor, dy: Tensor, r: Tensor) -> Tensor:
    return (dx**2 + dy**2).sqrt() - r


def _cube(dx: Tensor, dy: Tensor, r: Tensor) -> Tensor:
    x, y = dx.abs() - r, dy.abs() - r
    return (x.clamp(min=0) ** 2 + y.clamp(min=0) ** 2).sqrt() + torch.maximum(x, y).clamp(max=0)


def _cone(dx: Tensor, dy: Tensor, r: Tensor) -> Tensor:
    """As high as it is wide, standing."""
    side = (dx.abs() * 2 - dy - r) / math.sqrt(5.0)
    return torch.maximum(side, dy - r)


def _star(dx: Tensor, dy: Tensor, r: Tensor) -> Tensor:
    """Five points, one up. Folded into half of one point: a single edge is left."""
    high = r * 1.12
    angle = torch.atan2(dx, -dy).abs() % (2 * math.pi / POINTS)
    angle = torch.minimum(angle, 2 * math.pi / POINTS - angle)
    out = (dx**2 + dy**2).sqrt()
    x, y = out * torch.sin(angle), out * torch.cos(angle)
    inner_x, inner_y = INNER * math.sin(math.pi / POINTS), INNER * math.cos(math.pi / POINTS)
    nx, ny = 1 - inner_y, inner_x
    length = math.hypot(nx, ny)
    return (x * nx + (y - high) * ny) / length


OUTLINES: Final = {"ball": _ball, "cube": _cube, "cone": _cone, "star": _star}
