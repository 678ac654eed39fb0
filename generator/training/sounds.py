"""Impacts -> sound: one damped triple of tones for each hit, mono, 16 kHz. Silence is silence."""

from typing import Final

import torch
from torch import Tensor

from generator.trained.grammar import FLOORS, SHAPES
from generator.training.pictures import Looks
from generator.training.tracks import FPS, LARGEST, SMALLEST, Tracks

RATE: Final = 16_000
LASTS: Final = 0.35
PITCH: Final = {"ball": 320.0, "cube": 240.0, "cone": 420.0, "star": 540.0}
RATIOS: Final = (1.0, 2.32, 4.25)
"""Of a bar that is struck, near enough."""
DECAY: Final = {"wood": 14.0, "grass": 26.0}
"""How fast a hit dies away, a second."""
LOUDEST: Final = 230.0
"""Pixels a second."""


def sound(looks: Looks, track: Tracks) -> Tensor:
    """[B, samples], as long as the pictures."""
    count, samples = len(track.radius), round(track.x.shape[1] / FPS * RATE)
    heard = torch.zeros(count, samples + round(LASTS * RATE) + 1)
    times = torch.arange(round(LASTS * RATE)) / RATE
    pitch = torch.tensor([PITCH[name] for name in SHAPES])[looks.shape]
    pitch = pitch * (1.25 - 0.5 * (track.radius - SMALLEST) / (LARGEST - SMALLEST))
    decay = torch.tensor([DECAY[name] for name in FLOORS])[looks.floor]
    for number in range(track.impacts.shape[1]):
        speed = track.speeds[:, number]
        for clip in torch.nonzero(speed > 0).flatten().tolist():
            begin = round(float(track.impacts[clip, number]) * RATE)
            loud = 0.6 * min(1.0, float(speed[clip]) / LOUDEST)
            heard[clip, begin : begin + len(times)] += loud * _hit(times, float(pitch[clip]), float(decay[clip]))
    return heard[:, :samples]


def _hit(times: Tensor, pitch: float, decay: float) -> Tensor:
    tones = [torch.sin(2 * torch.pi * pitch * r * times) * torch.exp(-decay * r**0.5 * times) / (n + 1)
             for n, r in enumerate(RATIOS)]  # fmt: skip
    attack = (times / 0.002).clamp(max=1)
    return torch.stack(tones).sum(0) * attack / 1.8
