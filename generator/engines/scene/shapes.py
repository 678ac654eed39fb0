"""Shapes as fields over a window of pixels: distance to the outline, light, gloss.

Coordinates are in half heights from the shape's centre, u to the right and v down: the lowest point is v = 1. The
light comes from the upper left.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating[Any]]
"""float32 throughout."""
LIGHT = (-0.45, -0.62, 0.64)
CUBE_DEPTH = 0.36


class Surface(NamedTuple):
    """`distance` to the outline (negative inside), `light` to multiply by, `gloss` 0..1 to add."""

    distance: Field
    light: Field
    gloss: Field


def _spot(u: Field, v: Field, x: float, y: float, size: float) -> Field:
    spot: Field = np.exp(-((u - x) ** 2 + (v - y) ** 2) / (size * size))
    return spot


def _lit(nx: Field, ny: Field, nz: Field) -> Field:
    lit: Field = 0.52 + 0.62 * np.clip(nx * LIGHT[0] + ny * LIGHT[1] + nz * LIGHT[2], 0, 1)
    return lit


def _turned(u: Field, v: Field, angle: float) -> tuple[Field, Field]:
    c, s = math.cos(angle), math.sin(angle)
    return u * c + v * s, v * c - u * s


def _soft(edge: Field, width: float) -> Field:
    soft: Field = np.clip(0.5 - edge / width, 0, 1)
    return soft


def ball(u: Field, v: Field, angle: float) -> Surface:
    """A sphere with two seams that show its rotation."""
    r2 = u * u + v * v
    p, q = _turned(u, v, angle)
    seam = _soft(np.minimum(np.abs(q), np.abs(p * p + q * q - 1.1 * np.abs(p) - 0.1)) - 0.06, 0.05)
    light = _lit(u, v, np.sqrt(np.clip(1 - r2, 0, 1))) * (1 - 0.24 * seam)
    return Surface(np.sqrt(r2) - 1, light, _spot(u, v, -0.38, -0.45, 0.2))


def cube(u: Field, v: Field, _: float) -> Surface:
    """Front, top and side of a box seen from the upper right."""
    d = CUBE_DEPTH
    outline = np.maximum(np.maximum(np.abs(u), np.abs(v)) - 1, (np.abs(u + v) - 2 + d) / math.sqrt(2))
    top = (v < d - 1) & (u - (1 - d) < -(v + 1 - d))
    side = ~top & (u > 1 - d)
    light = np.where(top, np.float32(1.16), np.where(side, np.float32(0.62), 0.98 - 0.14 * v))
    edge = np.minimum(np.abs(v + 1 - d) + 4 * (u > 1 - d), np.abs(u - 1 + d) + 4 * (v < d - 1))
    return Surface(outline, light.astype(np.float32), 0.35 * _soft(edge - 0.01, 0.03))


def cone(u: Field, v: Field, _: float) -> Surface:
    half = 0.44 * (v + 1)
    across = np.clip(u / np.maximum(half, 1e-3), -1, 1)
    base = np.sqrt((u / 0.82) ** 2 + ((v - 0.84) / 0.16) ** 2)
    distance = np.minimum(np.maximum((np.abs(u) - half) * 0.91, v - 0.84), (base - 1) * 0.16)
    light = _lit(across * 0.95, np.full_like(u, -0.25), np.sqrt(1 - across**2))
    return Surface(distance, light, 0.6 * _spot(across, v * 0, -0.5, 0, 0.14) * _soft(np.abs(v) - 0.75, 0.3))


def cylinder(u: Field, v: Field, _: float) -> Surface:
    across = np.clip(u / 0.72, -1, 1)
    bulge = 0.18 * np.sqrt(1 - across**2)
    distance = np.maximum(np.abs(u) - 0.72, np.abs(v) - 0.82 - bulge)
    lid = v < -0.82 + bulge
    body = _lit(across * 0.95, np.zeros_like(u), np.sqrt(1 - across**2))
    light = np.where(lid, np.float32(1.14), body)
    return Surface(distance, light.astype(np.float32), 0.5 * _spot(across, v * 0, -0.45, 0, 0.16) * ~lid)


def star(u: Field, v: Field, _: float) -> Surface:
    """Five points with lit creases."""
    u, v = u / 1.1, (v - 0.1) / 1.1
    around = np.arctan2(u, -v)
    fifth = 2 * math.pi / 5
    local = np.mod(around + fifth / 2, fifth) - fifth / 2
    r = np.sqrt(u * u + v * v)
    x, y = np.abs(r * np.sin(local)), r * np.cos(local)
    inner = 0.45
    ex, ey = inner * math.sin(fifth / 2), inner * math.cos(fifth / 2) - 1
    length = math.hypot(ex, ey)
    distance = ((y - 1) * ex - x * ey) / length * 1.1
    facet = np.where(local < 0, 1.0, -1.0) * np.cos(around)
    light = 0.94 + 0.14 * facet - 0.12 * v
    return Surface(distance.astype(np.float32), light.astype(np.float32), 0.3 * _soft(x - 0.015, 0.03) * (r < 0.95))


def ring(u: Field, v: Field, angle: float) -> Surface:
    """A torus with four lighter bands that show its rotation."""
    r = np.sqrt(u * u + v * v) + 1e-6
    across = np.clip((r - 0.72) / 0.28, -1, 1)
    p, q = _turned(u, v, angle)
    bands = 1 + 0.14 * np.tanh(6 * p * q / (r * r))
    light = _lit(across * u / r, across * v / r, np.sqrt(1 - across**2)) * bands
    return Surface(np.abs(r - 0.72) - 0.28, light, 0.8 * _spot(u, v, -0.46, -0.55, 0.13))


SHAPES: dict[str, tuple[Callable[[Field, Field, float], Surface], float]] = {
    "ball": (ball, 1.0),
    "cube": (cube, 1.0),
    "cone": (cone, 0.84),
    "cylinder": (cylinder, 0.72),
    "star": (star, 1.05),
    "ring": (ring, 1.0),
}
"""Shape → its surface and its half width in half heights."""
ROLLERS = frozenset({"ball", "ring"})
