"""Training of the audio parts: an autoencoder of spectra, and the vocoder that turns spectra back into samples."""

from pathlib import Path
from typing import Final

import torch
from diffusers import AutoencoderKLLTX2Audio
from diffusers.pipelines.ltx2.vocoder import LTX2Vocoder
from torch import Tensor
from torch.nn import functional

from generator.evaluation.mel import HOP, frames_of
from generator.training.loop import Plan, TrainingBatch, TrainingRun
from generator.training.modules import audio_vae, vocoder
from generator.training.scenes import Shot, scenes

SPECTRA: Final = Plan("spectra", steps=2_000, muon=0.01, adam=2e-3)
VOICE: Final = Plan("voice", steps=6_000, muon=0.005, adam=1e-3)
BATCH: Final = 16
WINDOW: Final = 96
"""Frames of spectra in one vocoder training example."""
LENGTHS: Final = ((256, 64), (512, 128), (1024, 256))
"""(window, hop) in samples of the STFTs that the vocoder's loss compares."""
MOVING: Final = ("bounce", "fall")


def impact_sounds(count: int, seed: int) -> Tensor:
    """Sounds of clips, most of them with an impact [B, samples]."""
    made = scenes(count * 2, seed, shot=Shot(latest=1.0))
    moving = [i for i, one in enumerate(made.prompts) if one.motion in MOVING]
    chosen = (moving + [i for i in range(count * 2) if i not in moving])[:count]
    return made.sounds()[torch.tensor(chosen)]


def learn_spectra(folder: Path) -> TrainingRun:
    model: AutoencoderKLLTX2Audio = audio_vae()

    def show(step: int) -> TrainingBatch:
        return {"seen": frames_of(impact_sounds(BATCH, step))}

    def loss(shown: TrainingBatch) -> dict[str, Tensor]:
        seen = shown["seen"]
        codes = model.encode(seen).latent_dist.mode()
        back = model.decode(codes + 0.02 * torch.randn_like(codes)).sample
        apart = (back.float() - seen).abs()
        loud = 1 + 4 * (seen > seen.amin((1, 2, 3), keepdim=True) + 0.05)
        size = codes.float().pow(2).mean()
        return {"total": (apart * loud).mean() + 1e-3 * size, "apart": apart.mean(), "size": size}

    return TrainingRun(SPECTRA, model, show, loss, folder)


def learn_voice(folder: Path, codec: AutoencoderKLLTX2Audio) -> TrainingRun:
    """Trains on true spectra and on reconstructed ones in turn."""
    model: LTX2Vocoder = vocoder()

    def show(step: int) -> TrainingBatch:
        pcm = impact_sounds(BATCH, 10_000_000 + step)
        seen = frames_of(pcm)
        if step % 2:
            seen = codec.decode(codec.encode(seen).latent_dist.mode()).sample.float()
        begin = torch.randint(0, seen.shape[2] - WINDOW, (BATCH,))
        seen = torch.stack([clip[:, at : at + WINDOW] for clip, at in zip(seen, begin.tolist(), strict=True)])
        pcm = functional.pad(pcm, (0, HOP))
        true = torch.stack([one[at * HOP : (at + WINDOW) * HOP] for one, at in zip(pcm, begin.tolist(), strict=True)])
        return {"seen": seen, "true": true}

    def loss(shown: TrainingBatch) -> dict[str, Tensor]:
        made = model(shown["seen"])[:, 0].float()
        parts = [_apart(made, shown["true"], *lengths) for lengths in LENGTHS]
        return {"total": torch.stack(parts).mean()}

    return TrainingRun(VOICE, model, show, loss, folder)


def _apart(made: Tensor, true: Tensor, length: int, step: int) -> Tensor:
    """STFT loss: spectral convergence and log distance (Yamamoto et al., 2020)."""
    window = torch.hann_window(length)
    one, other = (torch.stft(pcm, length, step, window=window, return_complex=True).abs() for pcm in (made, true))
    convergence = (other - one).norm() / other.norm().clamp(min=1.0)
    logs = functional.l1_loss((one + 1e-3).log10(), (other + 1e-3).log10())
    apart: Tensor = 0.3 * convergence + logs
    return apart
