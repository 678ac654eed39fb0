"""Renderer of training scenes: an object lit from above, its shadow, floor and wall, in a style; pixels in -1..1."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from generator.engines.diffusion.badge import BORDER, CELL, COLUMNS, GREY, INK, PAPER, ROWS
from generator.engines.diffusion.grammar import COLOURS, FLOORS, SHAPES, STYLES
from generator.training.trajectories import FPS, Stage, Tracks

WALL: Final = {"wood": ((222, 214, 203), (196, 186, 173)), "grass": ((178, 208, 236), (214, 230, 243))}
"""Floor -> RGB of the wall, at the top and just above the floor."""
GROUND: Final = {"wood": ((150, 104, 64), (120, 80, 48)), "grass": ((86, 140, 72), (58, 104, 50))}
"""Floor -> RGB at its far edge and in front."""
POINTS: Final = 5
INNER: Final = 0.52
"""Radius of a star's inner corners, as a share of its points'."""


WINDOW: Final = 64
DEEP: Final = 18
EDGE: Final = 16
"""Pixels drawn beyond each border, for object windows and for the shaken camera."""
OUTLINED: Final = 0.1
"""Brightness of the outline in the cartoon style."""
BARS: Final = 0.08
"""Share of the height of each black bar in the cinematic style."""


@dataclass(frozen=True, slots=True)
class Looks:
    """Indices [B] into COLOURS, SHAPES, FLOORS and STYLES; `hand` [B, 4] moves the camera of a documentary.

    Optional `badges` [B, 6, 6], 1 where inked, hang on the wall.
    """

    colour: Tensor
    shape: Tensor
    floor: Tensor
    style: Tensor
    hand: Tensor
    badges: Tensor | None = None

    def of_style(self, name: str) -> Tensor:
        """Indices [n] of the clips in this style."""
        return torch.nonzero(self.style == STYLES.index(name)).flatten()


def draw(looks: Looks, track: Tracks, kind: torch.dtype = torch.float32) -> Tensor:
    """Pictures [B, T, 3, height, width] of dtype `kind`."""
    count, frames = track.x.shape
    backs = backdrops(looks, track.stage).to(kind)
    if looks.badges is not None:
        _hang(backs, looks.badges)
    canvas = functional.pad(backs, (EDGE, EDGE, EDGE, EDGE), mode="replicate")
    canvas = canvas[:, None].expand(count, frames, *canvas.shape[1:]).clone()
    _darken(canvas, track)
    _place(canvas, looks, track)
    return _filmed(canvas, looks) * 2 - 1


def portraits(badges: Tensor, stage: Stage) -> Tensor:
    """Each plaque alone, on grey, as given to the model [B, 1, 3, height, width]."""
    found = torch.full((len(badges), 3, stage.height, stage.width), GREY)
    _hang(found, badges)
    return found[:, None] * 2 - 1


def _hang(pictures: Tensor, badges: Tensor) -> None:
    """Draws a plaque into each picture [B, 3, height, width]."""
    inked = (PAPER + (INK - PAPER) * badges).repeat_interleave(CELL, 1).repeat_interleave(CELL, 2)
    pictures[:, :, ROWS, COLUMNS] = functional.pad(inked, (BORDER, BORDER, BORDER, BORDER), value=PAPER)[:, None]


def _place(canvas: Tensor, looks: Looks, track: Tracks) -> None:
    """Paints the object in a window around it; the rest of the picture stays untouched."""
    window = _Window.around(canvas, track.x - WINDOW / 2, track.y - WINDOW / 2, WINDOW, WINDOW)
    dx, dy = window.offsets(track)
    outline = distances(looks.shape, track.radius, dx, dy)
    cover = (0.5 - outline).clamp(0, 1)[:, :, None]
    is_drawn = (looks.style == STYLES.index("cartoon"))[:, None, None, None]
    light = (1.0 - 0.22 * (dy / track.radius[:, None, None, None])).clamp(0.72, 1.25)
    light = torch.where(is_drawn, 1.0, light)[:, :, None]
    body = (_rgb(COLOURS.values())[looks.colour][:, None, :, None, None] * light).clamp(max=1.0)
    inked = ((outline + 3.5).clamp(0, 1) * is_drawn)[:, :, None]
    body = body * (1 - inked) + OUTLINED * inked
    window.put(window.get() * (1 - cover) + body * cover)


def _darken(canvas: Tensor, track: Tracks) -> None:
    """Paints the shadow on the floor: smaller and fainter the higher the object."""
    floor_y = track.stage.floor_y
    window = _Window.around(canvas, track.x - WINDOW / 2, torch.full_like(track.x, floor_y), WINDOW, DEEP)
    dx, _ = window.offsets(track)
    along = (window.rows[:, :, :, None] + 0.5 - (floor_y + 3.0)) / 7.0
    above = (floor_y - track.radius[:, None] - track.y).clamp(min=0)[:, :, None, None]
    across = dx / (track.radius[:, None, None, None] * (1.05 - 0.003 * above))
    dark = (1.3 - (across**2 + along**2).sqrt()).clamp(0, 0.5) * 2 * (1 - above / 180).clamp(min=0.2)
    window.put(window.get() * (1 - 0.45 * dark[:, :, None]))


def _filmed(canvas: Tensor, looks: Looks) -> Tensor:
    """Crops the borders and applies each clip's style to light and camera; 0..1."""
    seen = canvas[..., EDGE:-EDGE, EDGE:-EDGE].clone()
    if len(mine := looks.of_style("documentary")):
        shaken = _shaken(canvas[mine], looks.hand[mine])
        seen[mine] = shaken + 0.25 * (shaken.mean(2, keepdim=True) - shaken)
    if len(mine := looks.of_style("cinematic")):
        seen[mine] = seen[mine] * _cinema(seen.shape[-2], seen.shape[-1]).to(seen.dtype)
    return seen.clamp(0, 1)


def _shaken(canvas: Tensor, hand: Tensor) -> Tensor:
    """The camera wanders by up to two pixels. `hand` [B, 4]: phases and speeds of both directions, in 0..1."""
    seconds = torch.arange(canvas.shape[1]) / FPS
    phases, speeds = hand[:, None, :2], 0.7 + 0.6 * hand[:, None, 2:]
    moved = (2.2 * torch.sin(2 * math.pi * (phases + speeds * seconds[None, :, None]))).round().long()
    height, width = canvas.shape[-2] - 2 * EDGE, canvas.shape[-1] - 2 * EDGE
    rows = torch.arange(height) + EDGE + moved[:, :, :1]
    columns = torch.arange(width) + EDGE + moved[:, :, 1:]
    cut = canvas.gather(3, rows[:, :, None, :, None].expand(-1, -1, 3, -1, canvas.shape[-1]))
    return cut.gather(4, columns[:, :, None, None, :].expand(-1, -1, 3, height, -1))


def _cinema(height: int, width: int) -> Tensor:
    """Warm tint, dark corners, bars at the top and bottom [3, height, width]."""
    up = (torch.arange(height)[:, None] + 0.5) / height * 2 - 1
    along = (torch.arange(width)[None] + 0.5) / width * 2 - 1
    light = 1.04 - 0.3 * (up**2 + along**2) / 2
    bar = round(BARS * height)
    light = light * torch.cat([torch.zeros(bar), torch.ones(height - 2 * bar), torch.zeros(bar)])[:, None]
    return torch.tensor([1.05, 1.0, 0.86])[:, None, None] * light


@dataclass(frozen=True, slots=True)
class _Window:
    """A small window, at its own position in each picture. `rows` [B, T, h], `columns` [B, T, w] in pixels."""

    canvas: Tensor
    rows: Tensor
    columns: Tensor

    @classmethod
    def around(cls, canvas: Tensor, left: Tensor, top: Tensor, width: int, height: int) -> "_Window":
        rows = top.floor().long()[:, :, None] + torch.arange(height)
        return cls(canvas, rows, left.floor().long()[:, :, None] + torch.arange(width))

    def offsets(self, track: Tracks) -> tuple[Tensor, Tensor]:
        """Distances of each pixel's centre from the object's, x and y [B, T, h, w]."""
        dx = self.columns[:, :, None, :] + 0.5 - track.x[:, :, None, None]
        dy = self.rows[:, :, :, None] + 0.5 - track.y[:, :, None, None]
        return torch.broadcast_tensors(dx, dy)  # type: ignore[no-any-return,no-untyped-call]

    def get(self) -> Tensor:
        """[B, T, 3, h, w]."""
        found = self.canvas.flatten(3).gather(3, self._index())
        return found.view(*found.shape[:3], self.rows.shape[2], self.columns.shape[2])

    def put(self, pixels: Tensor) -> None:
        self.canvas.flatten(3).scatter_(3, self._index(), pixels.flatten(3).to(self.canvas.dtype))

    def _index(self) -> Tensor:
        wide = self.canvas.shape[-1]
        places = (self.rows[:, :, :, None] + EDGE) * wide + self.columns[:, :, None, :] + EDGE
        return places.flatten(2)[:, :, None].expand(-1, -1, 3, -1)


def distances(shape: Tensor, radius: Tensor, dx: Tensor, dy: Tensor) -> Tensor:
    """Signed distance to the outline in pixels [B, T, H, W]; negative inside."""
    r = radius[:, None, None, None]
    found = torch.empty_like(dx)
    for index, name in enumerate(SHAPES):
        if (mine := torch.nonzero(shape == index).flatten()).numel():
            found[mine] = OUTLINES[name](dx[mine], dy[mine], r[mine])
    return found


def backdrops(looks: Looks, stage: Stage) -> Tensor:
    """Empty wall and floor [B, 3, height, width], in 0..1; flat in the cartoon style."""
    rows = torch.arange(stage.height, dtype=torch.float32)[None, None, :, None]
    is_flat = (looks.style == STYLES.index("cartoon"))[:, None, None, None]
    up = torch.where(is_flat, 0.5, (rows / stage.floor_y).clamp(max=1))
    down = torch.where(is_flat, 0.5, ((rows - stage.floor_y) / (stage.height - stage.floor_y)).clamp(min=0))
    walls, grounds = _between(WALL, looks.floor, up), _between(GROUND, looks.floor, down)
    stripes = 1 - 0.06 * (torch.arange(stage.width) // 16 % 2)[None, None, None, :]
    grounds = torch.where(is_flat, grounds, grounds * stripes)
    return torch.where(rows < stage.floor_y, walls, grounds).expand(-1, 3, stage.height, stage.width).clone()


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
    """Upright, as high as wide."""
    side = (dx.abs() * 2 - dy - r) / math.sqrt(5.0)
    return torch.maximum(side, dy - r)


def _star(dx: Tensor, dy: Tensor, r: Tensor) -> Tensor:
    """Five points, one up. By symmetry folded into half of one point, which has a single edge."""
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
