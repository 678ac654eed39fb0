"""Procedural training clips with captions, computed for every step and never stored."""

import random
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from generator.badge import CELLS
from generator.engines.diffusion.grammar import COLOURS, FLOORS, MOTIONS, SHAPES, STYLES, ParsedPrompt, all_prompts
from generator.training.render import Looks, draw
from generator.training.synth import sound
from generator.training.trajectories import FRAMES, PORTRAIT, Stage, Tracks, tracks

PLAIN_SHARE: Final = 0.6
"""Share of the clips in the plain style."""


@dataclass(frozen=True, slots=True)
class Scenes:
    """B clips: prompts, their captions, looks and tracks."""

    prompts: list[ParsedPrompt]
    captions: list[str]
    looks: Looks
    track: Tracks

    def pictures(self, kind: torch.dtype = torch.float32) -> Tensor:
        """[B, T, 3, height, width] in -1..1."""
        return draw(self.looks, self.track, kind)

    def sounds(self) -> Tensor:
        """[B, samples] at 16 kHz."""
        return sound(self.looks, self.track)


SEEN = tuple(one for one in all_prompts() if not one.is_held_out)


@dataclass(frozen=True, slots=True)
class Shot:
    """Settings shared by the clips of a batch. Each begins up to `latest` seconds into its motion."""

    stage: Stage = PORTRAIT
    frames: int = FRAMES
    latest: float = 0.0
    badged: bool = False
    styled: bool = False


def scenes(count: int, seed: int, prompts: list[ParsedPrompt] | None = None, shot: Shot = Shot()) -> Scenes:  # frozen
    """The same seed gives the same clips on one kind of device. Held-out triples occur only if given in `prompts`."""
    chance, dice = random.Random(seed), torch.Generator(device=torch.get_default_device()).manual_seed(seed)
    wanted = prompts or [_any(chance, styled=shot.styled) for _ in range(count)]
    count = len(wanted)
    motions = torch.tensor([MOTIONS.index(one.motion) for one in wanted])
    track = tracks(motions, dice, shot.frames, shot.stage, shot.latest)
    looks = Looks(
        torch.tensor([list(COLOURS).index(one.colour) for one in wanted]),
        torch.tensor([SHAPES.index(one.shape) for one in wanted]),
        torch.tensor([FLOORS.index(one.floor) for one in wanted]),
        torch.tensor([STYLES.index(one.style) for one in wanted]),
        torch.rand(count, 4, generator=dice, device=dice.device),
        badges(count, dice) if shot.badged else None,
    )
    return Scenes(wanted, [one.random_wording(chance) for one in wanted], looks, track)


def badges(count: int, dice: torch.Generator) -> Tensor:
    """Random badges, mirrored left to right [B, 6, 6]."""
    half = torch.randint(2, (count, CELLS, CELLS // 2), generator=dice, device=dice.device).float()
    return torch.cat([half, half.flip(2)], 2)


def _any(chance: random.Random, *, styled: bool) -> ParsedPrompt:
    one = chance.choice(SEEN)
    return replace(one, style=chance.choice(STYLES[1:])) if styled and chance.random() > PLAIN_SHARE else one
