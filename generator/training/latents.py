"""Pictures to latents: the mean colour of every 8 x 8 pixels, reduced by principal components.

A latent covers 32 x 32 pixels of four frames (the first covers one frame, repeated four times): 4 x 4 x 4 blocks of
three colours, 192 numbers. The components are those of the training pictures.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from generator.training.loop import cached
from generator.training.modules import CHANNELS
from generator.training.scenes import Shot, scenes
from generator.training.trajectories import LANDSCAPE

BLOCK: Final = 8
SIDE: Final = 4
FRAMES_EACH: Final = 4
NUMBERS: Final = 3 * FRAMES_EACH * SIDE * SIDE
SPREAD: Final = 0.6
"""Standard deviation of all latents, as the flow expects it."""
EVENNESS: Final = 0.25
"""Power of its variance by which each axis is scaled down: 0 leaves all unchanged, 0.5 makes all equal."""


def means(pictures: Tensor) -> Tensor:
    """[B, 4 n + 1, 3, height, width] -> [B, n + 1, height / 32, width / 32, 192]."""
    count, frames, _, high, wide = pictures.shape
    small = (
        functional.avg_pool2d(pictures.flatten(0, 1), BLOCK)
        .view(count, frames, 3, high // BLOCK, wide // BLOCK)
        .float()
    )
    small = torch.cat([small[:, :1]] * (FRAMES_EACH - 1) + [small], 1)
    rows, columns = high // BLOCK // SIDE, wide // BLOCK // SIDE
    cut = small.view(count, -1, FRAMES_EACH, 3, rows, SIDE, columns, SIDE)
    return cut.permute(0, 1, 4, 6, 3, 2, 5, 7).flatten(4)


@dataclass(frozen=True, slots=True)
class Basis:
    """`axes` [192, channels], orthonormal; `middle` [192]; `scales` [channels] scale latents to SPREAD."""

    axes: Tensor
    middle: Tensor
    scales: Tensor

    def latents(self, pictures: Tensor) -> Tensor:
        """[B, channels, n + 1, height / 32, width / 32], scaled for the flow."""
        return self.of_means(means(pictures))

    def of_means(self, found: Tensor) -> Tensor:
        return ((found - self.middle) @ self.axes * self.scales).permute(0, 4, 1, 2, 3)

    def blocks(self, latents: Tensor) -> Tensor:
        """The means reconstructed from latents [B, n + 1, h, w, 192]."""
        return latents.permute(0, 2, 3, 4, 1) / self.scales @ self.axes.T + self.middle


def basis(folder: Path) -> Basis:
    """The basis that the stages in `folder` share."""
    return Basis(**cached(folder / "basis.pt", components))


def components(channels: int = CHANNELS, clips: int = 256) -> dict[str, Tensor]:
    """Principal components of clips of every kind in the training."""
    shots = (Shot(styled=True), Shot(styled=True, badged=True), Shot(stage=LANDSCAPE, styled=True))
    seen = [means(scenes(16, 77_000 + n, shot=shots[n % 3]).pictures()).flatten(0, 3) for n in range(clips // 16)]
    every = torch.cat(seen)
    middle = every.mean(0)
    values, axes = torch.linalg.eigh(((every - middle).T @ (every - middle) / len(every)).double().cpu())
    axes, values = axes.flip(1)[:, :channels], values.flip(0)[:channels]
    evened = values ** (0.5 - EVENNESS)
    scales = SPREAD / evened.pow(2).mean().sqrt() * values**-EVENNESS
    return {"axes": axes.float().contiguous(), "middle": middle.cpu(), "scales": scales.float()}
