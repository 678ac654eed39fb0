"""Physics in closed form: a path is a list of legs with constant acceleration, so impact times are exact.

Lengths are in units of the frame's short side, heights are above the floor, times in seconds, angles in radians.
"""

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
GRAVITY = 5.5
"""Units per s²: a drop from 0.9 units takes 0.57 s, which looks like a toy on a table."""
STILL = 0.22
"""Units per s; a slower bounce comes to rest."""


@dataclass(frozen=True)
class Impact:
    """An impact: time, index of the object, speed, and position (units from the left)."""

    time: float
    thing: int
    speed: float
    x: float


@dataclass(frozen=True)
class Poses:
    """One row per time: centre x, height of the lowest point, angle, and speed along the floor (0 in the air)."""

    x: Floats
    y: Floats
    angle: Floats
    floor_speed: Floats


class Track(Protocol):
    def at(self, times: Floats) -> Poses: ...


@dataclass(frozen=True)
class Leg:
    """Motion from `start` until the next leg's start."""

    start: float
    x: float
    y: float
    vx: float = 0.0
    vy: float = 0.0
    ax: float = 0.0
    ay: float = 0.0


@dataclass(frozen=True)
class Path:
    """Legs in order of time. `rolls` is the radius of a rolling object, 0 for one that stays upright."""

    legs: tuple[Leg, ...]
    rolls: float = 0.0

    def at(self, times: Floats) -> Poses:
        rows = np.array([(g.start, g.x, g.y, g.vx, g.vy, g.ax, g.ay) for g in self.legs])
        leg = rows[np.clip(np.searchsorted(rows[:, 0], times, side="right") - 1, 0, None)].T
        dt = times - leg[0]
        x = leg[1] + leg[3] * dt + leg[5] * dt**2 / 2
        y = leg[2] + leg[4] * dt + leg[6] * dt**2 / 2
        speed = np.where(y <= 1e-6, np.abs(leg[3] + leg[5] * dt), 0.0)
        angle = (x - self.legs[0].x) / self.rolls if self.rolls else np.zeros_like(x)
        return Poses(x, y, angle, speed)


@dataclass(frozen=True)
class Orbit:
    """An ellipse around (x, y), `turns` per second."""

    x: float
    y: float
    wide: float
    high: float
    turns: float
    phase: float

    def at(self, times: Floats) -> Poses:
        angle = self.phase + 2 * np.pi * self.turns * times
        zero = np.zeros_like(times)
        return Poses(self.x + self.wide * np.cos(angle), self.y + self.high * np.sin(angle), zero, zero)


@dataclass
class Fall:
    """A dropped object. It keeps `restitution` of its speed at each impact; with 0 it stays on the floor."""

    thing: int
    restitution: float
    end: float
    legs: list[Leg] = field(default_factory=list)
    impacts: list[Impact] = field(default_factory=list)

    def drop(self, x: float, height: float, vx: float) -> None:
        leg = Leg(0.0, x, height, vx=vx, ay=-GRAVITY)
        speed = float(np.sqrt(2 * GRAVITY * height))
        landing = speed / GRAVITY
        while leg.start < self.end:
            self.legs.append(leg)
            x += leg.vx * (landing - leg.start)
            self.impacts.append(Impact(landing, self.thing, speed, x))
            speed *= self.restitution
            leg = Leg(landing, x, 0.0, vx=leg.vx, vy=speed, ay=-GRAVITY)
            landing += 2 * speed / GRAVITY
            if speed < STILL:
                self.legs += slowing(replace(leg, vy=0.0, ay=0.0), over=0.6)
                break
        self.impacts = [hit for hit in self.impacts if hit.time < self.end]


def slowing(leg: Leg, over: float) -> list[Leg]:
    """The leg braked to a stop within `over` seconds, and the rest after it."""
    stop = Leg(leg.start + over, leg.x + leg.vx * over / 2, leg.y + leg.vy * over / 2)
    return [replace(leg, ax=-leg.vx / over, ay=-leg.vy / over), stop]
