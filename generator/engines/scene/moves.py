"""Motion words as movement: start positions, paths and impacts of all bodies."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from generator.engines.scene.physics import Fall, Impact, Leg, Orbit, Path, Track, slowing

RESTITUTION = {"rubber": 0.82, "metal": 0.68, "wood": 0.56}


@dataclass(frozen=True)
class Body:
    """An object's half width and half height in units, its material, and whether it rolls."""

    half_width: float
    half_height: float
    material: str
    rolls: bool

    @property
    def radius(self) -> float:
        return self.half_height if self.rolls else 0.0


@dataclass(frozen=True)
class Room:
    """The space to move in: width and free height above the floor (units), and the clip's length (seconds)."""

    width: float
    height: float
    seconds: float


@dataclass(frozen=True)
class Dance:
    """One track per body, and all impacts in order of time."""

    tracks: tuple[Track, ...]
    impacts: tuple[Impact, ...]


def dance(motion: str, bodies: tuple[Body, ...], room: Room, chance: np.random.Generator) -> Dance:
    """The movement of all bodies; the same for the same state of `chance`."""
    return MOVES[motion](bodies, room, chance)


def _lanes(bodies: tuple[Body, ...], room: Room) -> list[float]:
    """A centre for each body, side by side with equal gaps."""
    gap = (room.width - sum(2 * body.half_width for body in bodies)) / (len(bodies) + 1)
    centres, left = [], gap
    for body in bodies:
        centres.append(left + body.half_width)
        left += 2 * body.half_width + gap
    return centres


def _restitution(body: Body, chance: np.random.Generator) -> float:
    return float(np.clip(RESTITUTION[body.material] + chance.uniform(-0.05, 0.05), 0.5, 0.9))


def _bounce(bodies: tuple[Body, ...], room: Room, chance: np.random.Generator) -> Dance:
    falls = []
    for i, (body, x) in enumerate(zip(bodies, _lanes(bodies, room), strict=True)):
        fall = Fall(i, _restitution(body, chance), room.seconds)
        free = (room.width - sum(2 * b.half_width for b in bodies)) / (len(bodies) + 1)
        drift = free * chance.uniform(0.2, 0.45)
        height = (room.height - 2 * body.half_height) * chance.uniform(0.72, 0.95)
        fall.drop(x - drift, height, vx=2 * drift / room.seconds)
        falls.append(fall)
    return _fallen(falls, bodies)


def _fall(bodies: tuple[Body, ...], room: Room, chance: np.random.Generator) -> Dance:
    falls = []
    for i, (body, x) in enumerate(zip(bodies, _lanes(bodies, room), strict=True)):
        fall = Fall(i, 0.0, room.seconds)
        fall.drop(x, (room.height - 2 * body.half_height) * chance.uniform(0.8, 1.0), vx=0.0)
        falls.append(fall)
    return _fallen(falls, bodies)


def _fallen(falls: list[Fall], bodies: tuple[Body, ...]) -> Dance:
    tracks = tuple(Path(tuple(fall.legs), body.radius) for fall, body in zip(falls, bodies, strict=True))
    return Dance(tracks, tuple(sorted((hit for fall in falls for hit in fall.impacts), key=lambda hit: hit.time)))


def _roll(to_right: bool) -> Callable[[tuple[Body, ...], Room, np.random.Generator], Dance]:  # noqa: FBT001 - a table entry
    def move(bodies: tuple[Body, ...], room: Room, chance: np.random.Generator) -> Dance:
        queue, tracks, over = 0.0, [], room.seconds * chance.uniform(0.8, 0.95)
        length = sum(2 * body.half_width + 0.04 for body in bodies)
        for body in bodies:
            first, last = queue + 0.04 + body.half_width, room.width - length + queue + body.half_width
            way = max(last - first, 0.05)
            leg = Leg(0.0, first, 0.0, vx=2 * way / over) if to_right else Leg(0.0, last, 0.0, vx=-2 * way / over)
            tracks.append(Path(tuple(slowing(leg, over)), body.radius))
            queue += 2 * body.half_width + 0.04
        return Dance(tuple(tracks), ())

    return move


def _rise(bodies: tuple[Body, ...], room: Room, chance: np.random.Generator) -> Dance:
    tracks = []
    for body, x in zip(bodies, _lanes(bodies, room), strict=True):
        way, over = (room.height - 2 * body.half_height) * 0.95, room.seconds * chance.uniform(0.85, 1.0)
        tracks.append(Path(tuple(slowing(Leg(0.0, x, 0.0, vy=2 * way / over), over))))
    return Dance(tuple(tracks), ())


def _rest(bodies: tuple[Body, ...], room: Room, _: np.random.Generator) -> Dance:
    return Dance(tuple(Path((Leg(0.0, x, 0.0),)) for x in _lanes(bodies, room)), ())


def _orbit(bodies: tuple[Body, ...], room: Room, chance: np.random.Generator) -> Dance:
    """The first body circles; a second one hangs in the middle."""
    body, centre = bodies[0], room.width / 2
    wide = room.width / 2 - body.half_width - 0.04
    free = (room.height - 2 * body.half_height) / 2
    high = min(free, max(wide, 0.1)) * 0.9
    turns = chance.uniform(0.4, 0.55)
    tracks: list[Track] = [Orbit(centre, free, max(wide, 0.0), high, turns, chance.uniform(0, 2 * np.pi))]
    tracks += [Path((Leg(0.0, centre, free + body.half_height - other.half_height),)) for other in bodies[1:]]
    return Dance(tuple(tracks), ())


def _collide(bodies: tuple[Body, ...], room: Room, chance: np.random.Generator) -> Dance:
    """Two bodies of equal mass meet on the floor, hit at an exact time, part and come to rest."""
    left, right = bodies
    hit, part = min(room.seconds * 0.4, chance.uniform(0.9, 1.3)), min(room.seconds * 0.5, 1.6)
    middle = room.width / 2 + (left.half_width - right.half_width)
    way = (room.width - 2 * left.half_width - 2 * right.half_width) / 2 - 0.03
    speed = max(way, 0.05) / hit
    back = speed * _restitution(left, chance)
    tracks = []
    for body, side in ((left, -1), (right, 1)):
        touch = middle + side * body.half_width
        legs = [Leg(0.0, touch + side * speed * hit, 0.0, vx=-side * speed)]
        legs += slowing(Leg(hit, touch, 0.0, vx=side * back), part)
        tracks.append(Path(tuple(legs), body.radius))
    loud = 2 * speed + 1.0
    return Dance(tuple(tracks), tuple(Impact(hit, i, loud, middle) for i in range(2)))


MOVES: dict[str, Callable[[tuple[Body, ...], Room, np.random.Generator], Dance]] = {
    "bounce": _bounce,
    "fall": _fall,
    "roll_left": _roll(to_right=False),
    "roll_right": _roll(to_right=True),
    "rise": _rise,
    "rest": _rest,
    "orbit": _orbit,
    "collide": _collide,
}
