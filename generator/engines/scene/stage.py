"""Stage: set up once per clip, then drawn frame by frame. Only each object's window changes over the still backdrop."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.engines.scene import badge
from generator.engines.scene.backdrop import FLOOR_LINE, Canvas, backdrop
from generator.engines.scene.blending import Frame
from generator.engines.scene.figures import SCENE_SIZE, Figure, Solid
from generator.engines.scene.moves import Body, Dance, Room, dance
from generator.engines.scene.panel import panel
from generator.engines.scene.physics import Floats, Poses
from generator.engines.scene.scene import Scene, SceneObject
from generator.engines.scene.styles import GRADES, Grade
from generator.ports import GenerationRequest

PAD = 4
"""Pixels of backdrop beyond each edge, for the hand-held camera."""
STAND_LOWER = 0.885
"""Where a panel stands, as a share of the height: it is large, so it stands nearer."""


@dataclass(frozen=True, eq=False)
class SceneStage:
    """Everything that a frame is drawn from. `poses` are in units, `shake` [frames, 2] in pixels."""

    behind: Frame
    figures: tuple[Figure, ...]
    bodies: tuple[Body, ...]
    room: Room
    dance: Dance
    poses: tuple[Poses, ...]
    shake: NDArray[np.int64]
    floor: float
    unit: int
    grade: Grade
    badges: tuple[str, ...]

    def draw(self, frame: Frame, index: int) -> None:
        """Draws picture `index` into `frame` [height, width, 3]."""
        height, width = frame.shape[:2]
        dx, dy = (int(offset) for offset in self.shake[index])
        frame[:] = self.behind[PAD + dy : PAD + dy + height, PAD + dx : PAD + dx + width]
        spots = [(f, p.x[index] * self.unit - dx, p.y[index], p.angle[index]) for f, p in self._cast]
        for figure, x, high, _ in spots:
            _shade(frame, figure, x, self.floor - dy, float(high))
        for figure, x, high, angle in spots:
            figure.paint(frame, float(x), float(self.floor - dy - high * self.unit), float(angle))
        self._overlay(frame)

    @property
    def _cast(self) -> list[tuple[Figure, Poses]]:
        return list(zip(self.figures, self.poses, strict=True))

    def _overlay(self, frame: Frame) -> None:
        height, width = frame.shape[:2]
        if bar := round(self.grade.bars * height):
            frame[:bar] = frame[-bar:] = 14
        for person, (left, top, cell) in zip(self.badges, badge.places(len(self.badges), width, height), strict=True):
            image = badge.plaque(person, cell)
            frame[top : top + len(image), left : left + len(image)] = image


def _shade(frame: Frame, figure: Figure, x: float, floor: float, high: float) -> None:
    """Paints a soft shadow on the floor that fades and spreads with the figure's height (units)."""
    wide = figure.half_width * (0.95 + 0.5 * high)
    deep = max(0.2 * min(figure.half_width, figure.half_height), 3.0) * (1 + 0.5 * high)
    x0, x1 = max(int(x - 2.4 * wide), 0), min(int(x + 2.4 * wide), frame.shape[1])
    y0, y1 = max(int(floor - 2.4 * deep), 0), min(int(floor + 2.4 * deep), frame.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    across = np.exp(-(((np.arange(x0, x1, dtype=np.float32) - x) / wide) ** 2) * 1.4)
    along = np.exp(-(((np.arange(y0, y1, dtype=np.float32) - floor) / deep) ** 2) * 1.4)
    dark = 1 - 0.62 / (1 + 2.2 * high) * along[:, None] * across[None, :]
    frame[y0:y1, x0:x1] = frame[y0:y1, x0:x1] * dark[..., None].astype(np.float32)


def set_up(scene: Scene, request: GenerationRequest, frames: int) -> SceneStage:
    """The stage of a request. A given picture replaces the object."""
    width, height, unit = request.width, request.height, min(request.width, request.height)
    looks, moves, hand = (np.random.default_rng([request.seed & (2**63 - 1), part]) for part in range(3))
    grade = GRADES[scene.style]
    figures = tuple(_figures(scene, request, grade, looks))
    floor = height * (STAND_LOWER if request.image else FLOOR_LINE)
    bodies = tuple(_body(figure, unit) for figure in figures)
    room = Room(width / unit, (floor - grade.bars * height) / unit - 0.03, request.seconds)
    danced = dance(scene.motion, bodies, room, moves)
    times: Floats = np.arange(frames) / request.fps
    still = backdrop(scene.backdrop, scene.floor, Canvas(width + 2 * PAD, height + 2 * PAD, looks))
    return SceneStage(
        behind=grade(still).astype(np.uint8),
        figures=figures,
        bodies=bodies,
        room=room,
        dance=danced,
        poses=tuple(track.at(times) for track in danced.tracks),
        shake=_shaken(hand, frames, grade.shake * unit),
        floor=floor,
        unit=unit,
        grade=grade,
        badges=request.badges,
    )


def _figures(scene: Scene, request: GenerationRequest, grade: Grade, chance: np.random.Generator) -> list[Figure]:
    unit = min(request.width, request.height)
    crowd = 1.0 if len(scene.things) == 1 else 0.85
    if request.image is None:
        return [_solid(thing, crowd * unit, grade, chance) for thing in scene.things]
    return [panel(request.image, request.width, request.height, scene.things[0].material, grade)]


def _solid(thing: SceneObject, unit: float, grade: Grade, chance: np.random.Generator) -> Solid:
    radius = SCENE_SIZE[thing.size] * unit
    side = int(2.2 * radius) + 8
    grain = 0.03 * chance.standard_normal((side, side), np.float32)
    return Solid(thing.shape, thing.colour, thing.material, radius, grade, grain)


def _body(figure: Figure, unit: int) -> Body:
    return Body(figure.half_width / unit, figure.half_height / unit, figure.material, figure.rolls)


def _shaken(chance: np.random.Generator, frames: int, reach: float) -> NDArray[np.int64]:
    """Hand-held camera: a slow random walk of at most PAD pixels."""
    steps = np.cumsum(chance.normal(0, 0.4, (frames + 1, 2)), axis=0)
    wander = np.round(reach * np.sin(steps)[1:]).astype(np.int64)
    return np.clip(wander, -PAD, PAD)
