"""Soundtrack of the scene: a ring at each impact, a rumble while an object rolls, room tone otherwise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.engines.scene.moves import Body, Dance, Room
from generator.engines.scene.physics import Impact

Samples = NDArray[np.float32]
RATE = 48_000
ROOM_TONE = 2.5e-4
"""Standard deviation of the room tone: -72 dBFS."""
ATTACK = 0.0008


@dataclass(frozen=True)
class Voice:
    """How a material rings: partials as (ratio, gain, decay in seconds), and the pitch of a 1 unit object (Hz)."""

    partials: tuple[tuple[float, float, float], ...]
    pitch: float
    click: float


VOICES = {
    "wood": Voice(((1.0, 1.0, 0.075), (2.57, 0.5, 0.045), (4.9, 0.25, 0.02)), 92.0, 0.30),
    "metal": Voice(((1.0, 0.8, 0.22), (2.76, 0.6, 0.17), (5.4, 0.4, 0.1), (8.93, 0.25, 0.06)), 128.0, 0.3),
    "rubber": Voice(((1.0, 1.0, 0.11), (1.83, 0.45, 0.06)), 34.0, 0.12),
}


def soundtrack(dance: Dance, bodies: tuple[Body, ...], room: Room, seed: int) -> Samples:
    """Stereo [samples, 2] in -1..1 at RATE, panned by the position in the room."""
    chance = np.random.default_rng([seed & (2**63 - 1), 7])
    pcm = ROOM_TONE * chance.standard_normal((round(room.seconds * RATE), 2)).astype(np.float32)
    for hit in dance.impacts:
        _add(pcm, hit.time, _ring(hit, bodies[hit.thing], chance)[:, None] * _pan(hit.x / room.width))
    for track, body in zip(dance.tracks, bodies, strict=True):
        times = np.arange(len(pcm)) / RATE
        poses = track.at(times)
        if poses.floor_speed.max() > 0.02:
            pcm += _rumble(poses.floor_speed, poses.angle, body, chance)[:, None] * _pan(poses.x / room.width)
    limited: Samples = np.tanh(pcm)
    return limited


def _pan(place: NDArray[np.float64] | float) -> Samples:
    """Constant-power gains of left and right for a position from 0 to 1, kept off the far edges."""
    turn = (0.15 + 0.7 * np.clip(place, 0, 1)) * np.pi / 2
    gains: NDArray[np.float64] = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    return gains.astype(np.float32)


def _ring(hit: Impact, body: Body, chance: np.random.Generator) -> Samples:
    voice = VOICES[body.material]
    longest = max(decay for _, _, decay in voice.partials)
    t = np.arange(int(6 * longest * RATE)) / RATE
    pitch = voice.pitch / max(body.half_height, 0.02) ** 0.8
    tone = np.zeros_like(t)
    for ratio, gain, decay in voice.partials:
        tone += gain * np.sin(2 * np.pi * pitch * ratio * t) * np.exp(-t / decay)
    tone += voice.click * chance.standard_normal(len(t)) * np.exp(-t / 0.006)
    loudness = 0.42 * min(hit.speed / 3.2, 1.0) ** 1.3
    ring: NDArray[np.float64] = loudness * tone * np.minimum(t / ATTACK, 1)
    return ring.astype(np.float32)


def _add(pcm: Samples, time: float, sound: Samples) -> None:
    first = round(time * RATE)
    length = min(len(sound), len(pcm) - first)
    if length > 0:
        pcm[first : first + length] += sound[:length]


def _rumble(speed: NDArray[np.float64], angle: NDArray[np.float64], body: Body, chance: np.random.Generator) -> Samples:
    """Low noise that follows the speed and beats with each rotation."""
    noise = np.cumsum(chance.standard_normal(len(speed)))
    smooth = noise - np.concatenate([np.zeros(160), noise[:-160]])
    bright = {"wood": 1.0, "metal": 0.8, "rubber": 0.55}[body.material]
    beat = 1 + 0.35 * np.sin(angle * 2)
    rumble: NDArray[np.float64] = 0.0035 * bright * smooth * beat * np.clip(speed, 0, 1.5) ** 0.8
    return rumble.astype(np.float32)
