"""Sound synthesis of training scenes: three damped tones for each impact, else silence; mono, 16 kHz."""

from typing import Final

import torch
from torch import Tensor

from generator.engines.diffusion.grammar import FLOORS, SHAPES
from generator.evaluation.mel import RATE
from generator.training.render import Looks
from generator.training.trajectories import FPS, MAX_RADIUS, MIN_RADIUS, Tracks

HIT_SECONDS: Final = 0.35
PITCH: Final = {"ball": 320.0, "cube": 240.0, "cone": 420.0, "star": 540.0}
RATIOS: Final = (1.0, 2.32, 4.25)
"""Partials of a struck bar, roughly."""
DECAY: Final = {"wood": 14.0, "grass": 26.0}
"""Decay rate of a hit, per second."""
FULL_VOLUME_SPEED: Final = 322.0
"""Pixels a second at full volume."""


def sound(looks: Looks, track: Tracks) -> Tensor:
    """[B, samples], as long as the pictures. The tail of a hit before the clip is included."""
    count, samples = len(track.radius), round(track.x.shape[1] / FPS * RATE)
    lasts = round(HIT_SECONDS * RATE)
    pitch = torch.tensor([PITCH[name] for name in SHAPES])[looks.shape]
    pitch = pitch * (1.25 - 0.5 * (track.radius - MIN_RADIUS) / (MAX_RADIUS - MIN_RADIUS))
    decay = torch.tensor([DECAY[name] for name in FLOORS])[looks.floor]
    loud = 0.6 * (track.speeds / FULL_VOLUME_SPEED).clamp(max=1)
    heard = torch.zeros(count, lasts + samples + lasts)
    times = torch.arange(lasts)
    hit = _hits(times / RATE, pitch, decay)
    for number in range(track.impacts.shape[1]):
        begin = (track.impacts[:, number] * RATE).round().long()
        is_near = (begin > -lasts) & (begin < samples) & (loud[:, number] > 0)
        places = begin.clamp(-lasts, samples)[:, None] + lasts + times
        heard.scatter_add_(1, places, hit * (loud[:, number] * is_near)[:, None])
    return heard[:, lasts : lasts + samples]


def _hits(times: Tensor, pitch: Tensor, decay: Tensor) -> Tensor:
    """The waveform of one hit per clip [B, n]."""
    attack = (times / 0.002).clamp(max=1) / 1.8
    tones = [
        torch.sin(2 * torch.pi * pitch[:, None] * ratio * times) * torch.exp(-decay[:, None] * ratio**0.5 * times) / n
        for n, ratio in enumerate(RATIOS, start=1)
    ]
    return torch.stack(tones).sum(0) * attack
