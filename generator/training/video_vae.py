"""Training of the video autoencoder: the decoder draws from latents, the encoder finds them."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch
from diffusers import AutoencoderKLLTX2Video
from torch import Tensor

from generator.engines.diffusion.badge import COLUMNS, ROWS
from generator.training.latents import Basis, basis
from generator.training.loop import Plan, TrainingBatch, TrainingRun
from generator.training.modules import vae
from generator.training.scenes import Scenes, Shot, scenes
from generator.training.trajectories import LANDSCAPE, PORTRAIT, Tracks

DECODER: Final = Plan("decoder", steps=6_000, muon=0.008, adam=1.5e-3)
ENCODER: Final = Plan("encoder", steps=1_500, muon=0.01, adam=1e-3)
BATCH: Final = 16
LATENTS: Final = 5
"""Latent frames of a window; with fewer, all would be at an end."""
FRAMES: Final = 4 * LATENTS - 3
NOISE: Final = 0.15
"""Maximum noise added to latents, because generated latents are never exact."""
OBJECT: Final = 10.0
AROUND: Final = 5.0


def window(seed: int, count: int, badges: float = 0.25) -> Scenes:
    """Seventeen frames from the first three seconds of any kind of clip; `badges` is the share with badges."""
    chance = random.Random(seed)
    stage = LANDSCAPE if chance.random() < 0.25 else PORTRAIT
    badged = chance.random() < badges
    return scenes(count, seed, shot=Shot(stage, FRAMES, latest=3.0, badged=badged, styled=True))


def learn_decoder(folder: Path, count: int = BATCH) -> TrainingRun:
    model: AutoencoderKLLTX2Video = vae()
    axes = basis(folder)
    _begin_right(model, axes)
    return drawing(DECODER, model, folder, lambda step: to_draw(window(step, count), axes))


def to_draw(made: Scenes, axes: Basis) -> TrainingBatch:
    """`pictures`, their `latents` with some noise, and the `weight` of each pixel."""
    pictures = made.pictures()
    latents = axes.latents(pictures)
    latents = latents + NOISE * torch.rand(len(latents), 1, 1, 1, 1) * torch.randn_like(latents)
    weight = 1 + (OBJECT - 1) * around(made.track)
    if made.looks.badges is not None:
        weight[..., ROWS, COLUMNS] = OBJECT
    return {"pictures": pictures, "latents": latents, "weight": weight}


def drawing(
    plan: Plan, model: AutoencoderKLLTX2Video, folder: Path, show: Callable[[int], TrainingBatch]
) -> TrainingRun:
    """Trains a decoder on batches of `to_draw`."""

    def loss(shown: TrainingBatch) -> dict[str, Tensor]:
        pictures, weight = shown["pictures"], shown["weight"]
        drawn = model.decoder(shown["latents"]).transpose(1, 2).float()
        apart = ((drawn - pictures).abs() * weight).mean()
        edges = sum(((drawn - pictures).diff(dim=axis).abs() * weight.narrow(axis, 1, weight.shape[axis] - 1)).mean()
                    for axis in (3, 4))  # fmt: skip
        error = (drawn - pictures).detach()
        return {"total": apart + 0.5 * edges, "apart": error.abs().mean(), "square": error.pow(2).mean()}

    return TrainingRun(plan, model.decoder, show, loss, folder)


def learn_encoder(folder: Path, count: int = BATCH) -> TrainingRun:
    model: AutoencoderKLLTX2Video = vae()
    axes = basis(folder)

    def show(step: int) -> TrainingBatch:
        pictures = window(20_000_000 + step, count).pictures()
        pictures = pictures[:, :1] if step % 4 == 0 else pictures
        return {"pictures": pictures, "latents": axes.latents(pictures)}

    def loss(shown: TrainingBatch) -> dict[str, Tensor]:
        found = model.encoder(shown["pictures"].transpose(1, 2))[:, : len(axes.scales)].float()
        square = (found - shown["latents"]).pow(2).mean()
        return {"total": square, "share": square / shown["latents"].var()}

    return TrainingRun(ENCODER, model.encoder, show, loss, folder)


def around(track: Tracks) -> Tensor:
    """1 in a box around the object, else 0 [B, T, 1, height, width]."""
    half = (track.radius * 1.12 + AROUND)[:, None, None]
    rows = torch.arange(track.stage.height) + 0.5
    columns = torch.arange(track.stage.width) + 0.5
    high = (rows - track.y[:, :, None]).abs() < half
    wide = (columns - track.x[:, :, None]).abs() < half
    return (high[:, :, :, None] & wide[:, :, None, :])[:, :, None].float()


@torch.no_grad()
def _begin_right(model: AutoencoderKLLTX2Video, axes: Basis) -> None:
    """Initialises the first kernel near the identity, so that each position starts with its own latent."""
    kernel = model.decoder.conv_in.conv.weight
    kernel.mul_(0.1)
    same = torch.eye(kernel.shape[0], len(axes.scales))
    kernel[:, :, 1, 1, 1] += same
