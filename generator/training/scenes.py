"""Clips with their words: drawn anew for every step, never stored."""

import random
from dataclasses import dataclass

import torch
from torch import Tensor

from generator.trained.grammar import COLOURS, FLOORS, MOTIONS, SHAPES, Asked, every
from generator.training.pictures import Looks, draw
from generator.training.sounds import sound
from generator.training.tracks import FRAMES, Tracks, tracks


@dataclass(frozen=True, slots=True)
class Scenes:
    """B clips: what each shows and how it was said, its looks and its track."""

    asked: list[Asked]
    words: list[str]
    looks: Looks
    track: Tracks

    def pictures(self) -> Tensor:
        """[B, T, 3, 160, 96] in -1..1."""
        return draw(self.looks, self.track)

    def sounds(self) -> Tensor:
        """[B, samples] at 16 kHz."""
        return sound(self.looks, self.track)


SEEN = tuple(one for one in every() if not one.is_held_out)


def scenes(count: int, seed: int, asked: list[Asked] | None = None, frames: int = FRAMES) -> Scenes:
    """The same seed gives the same clips. Held-out triples come only where they are asked for."""
    chance, dice = random.Random(seed), torch.Generator().manual_seed(seed)
    wanted = asked or [chance.choice(SEEN) for _ in range(count)]
    looks = Looks(
        torch.tensor([list(COLOURS).index(one.colour) for one in wanted]),
        torch.tensor([SHAPES.index(one.shape) for one in wanted]),
        torch.tensor([FLOORS.index(one.floor) for one in wanted]),
    )
    motions = torch.tensor([MOTIONS.index(one.motion) for one in wanted])
    return Scenes(wanted, [one.said(chance) for one in wanted], looks, tracks(motions, dice, frames))
