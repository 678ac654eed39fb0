"""Trajectories: position at each frame and times of impacts, in closed form, for many clips at once.

Lengths are pixels of the stage, y downwards; times are seconds.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from generator.engines.diffusion.grammar import MOTIONS

FPS: Final = 12
FRAMES: Final = 49
MIN_RADIUS, MAX_RADIUS = 19.0, 24.0
"""Half the height of an object, in pixels."""
MARGIN: Final = 6.0
MAX_IMPACTS: Final = 12
MIN_IMPACT_SPEED: Final = 84.0
"""Pixels a second. A slower impact makes no sound and ends the bouncing."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Size of the pictures in pixels, and where the floor begins. `bounces`, `falls`: ranges of the starting height."""

    width: int
    height: int
    floor_y: int
    bounces: tuple[float, float]
    falls: tuple[float, float]


PORTRAIT: Final = Stage(128, 224, 175, (63.0, 112.0), (77.0, 119.0))
LANDSCAPE: Final = Stage(224, 128, 100, (30.0, 50.0), (34.0, 52.0))


@dataclass(frozen=True, slots=True)
class Tracks:
    """B clips of T frames. `x`, `y` [B, T] are centres; `impacts` and `speeds` [B, 12]; a speed of 0 is no impact."""

    stage: Stage
    radius: Tensor
    x: Tensor
    y: Tensor
    impacts: Tensor
    speeds: Tensor


def tracks(
    motions: Tensor, chance: torch.Generator, frames: int = FRAMES, stage: Stage = PORTRAIT, latest: float = 0.0
) -> Tracks:
    """`motions` [B]: indices into `grammar.MOTIONS`. Each clip begins up to `latest` seconds into its motion."""
    draw = _Draw(len(motions), chance)
    radius = draw.between(MIN_RADIUS, MAX_RADIUS)
    begun = draw.between(0.0, latest)
    times = begun[:, None] + torch.arange(frames)[None] / FPS
    height, impacts, speeds = _heights(motions, draw, times, stage)
    x = _across(motions, draw, radius, times, stage.width)
    return Tracks(stage, radius, x, (stage.floor_y - radius)[:, None] - height, impacts - begun[:, None], speeds)


@dataclass(frozen=True, slots=True)
class _Draw:
    count: int
    chance: torch.Generator

    def between(self, low: float, high: float) -> Tensor:
        drawn = torch.rand(self.count, generator=self.chance, device=self.chance.device)
        return low + (high - low) * drawn


def _is(motions: Tensor, *names: str) -> Tensor:
    return torch.isin(motions, torch.tensor([MOTIONS.index(name) for name in names]))


def _across(motions: Tensor, draw: _Draw, radius: Tensor, times: Tensor, width: int) -> Tensor:
    """Centres [B, T]. A rolling object slows down and stops near the other side."""
    low, high = radius + MARGIN, width - radius - MARGIN
    room = high - low
    somewhere = low + room * draw.between(0.0, 1.0)
    near, far = draw.between(0.0, 0.25), draw.between(0.75, 1.0)
    lasts = draw.between(2.4, 3.6)
    left = (1 - (times / lasts[:, None]).clamp(max=1)) ** 2
    share = far[:, None] + (near - far)[:, None] * left
    right = low[:, None] + room[:, None] * share
    across = torch.where(_is(motions, "roll_right")[:, None], right, (low + high)[:, None] - right)
    return torch.where(_is(motions, "roll_left", "roll_right")[:, None], across, somewhere[:, None])


def _heights(motions: Tensor, draw: _Draw, times: Tensor, stage: Stage) -> tuple[Tensor, Tensor, Tensor]:
    """Heights above the floor [B, T]; times and speeds of impacts [B, 12]."""
    is_bounce, is_fall = _is(motions, "bounce"), _is(motions, "fall")
    gravity = draw.between(320.0, 460.0)
    begin = torch.where(is_fall, draw.between(*stage.falls), draw.between(*stage.bounces))
    waits = torch.where(is_fall, draw.between(0.1, 0.7), 0.0)
    keeps = torch.where(is_bounce, draw.between(0.7, 0.84), 0.0)
    impacts, speeds = _impacts(waits, (2 * begin / gravity).sqrt(), gravity, keeps)
    flight = _falling(times, begin, waits, gravity)
    flight = torch.where(times < impacts[:, :1], flight, _rising(times, gravity, impacts, speeds))
    moves = (is_bounce | is_fall)[:, None]
    is_heard = moves & (impacts < times[:, -1:] + 1 / FPS)
    return torch.where(moves, flight, 0.0), impacts, torch.where(is_heard, speeds, 0.0)


def _impacts(waits: Tensor, first: Tensor, gravity: Tensor, keeps: Tensor) -> tuple[Tensor, Tensor]:
    """Times and speeds [B, 12]. Each bounce keeps a share of the speed until it is below MIN_IMPACT_SPEED."""
    speed = gravity * first
    hits, speeds = [waits + first], [speed]
    for _ in range(MAX_IMPACTS - 1):
        speed = torch.where(speed * keeps < MIN_IMPACT_SPEED, 0.0, speed * keeps)
        hits.append(hits[-1] + 2 * speed / gravity)
        speeds.append(speed)
    return torch.stack(hits, 1), torch.stack(speeds, 1)


def _falling(times: Tensor, begin: Tensor, waits: Tensor, gravity: Tensor) -> Tensor:
    fallen = gravity[:, None] / 2 * (times - waits[:, None]).clamp(min=0) ** 2
    return (begin[:, None] - fallen).clamp(min=0)


def _rising(times: Tensor, gravity: Tensor, impacts: Tensor, speeds: Tensor) -> Tensor:
    """Heights after an impact, on the parabola of the current bounce."""
    flown = times[:, :, None] - impacts[:, None, :]
    up = _next_speeds(speeds)[:, None, :] * flown - gravity[:, None, None] / 2 * flown**2
    ends = torch.cat([impacts[:, 1:], torch.full_like(impacts[:, :1], torch.inf)], 1)
    is_here = (flown >= 0) & (times[:, :, None] < ends[:, None, :])
    return torch.where(is_here, up.clamp(min=0), 0.0).sum(-1)


def _next_speeds(speeds: Tensor) -> Tensor:
    """The speed after each impact, which is that of the next one."""
    return torch.cat([speeds[:, 1:], torch.zeros_like(speeds[:, :1])], 1)
