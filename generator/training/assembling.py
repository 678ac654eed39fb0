"""Trained parts -> one folder that `DiffusionPipeline.from_pretrained` loads, in half precision."""

from pathlib import Path
from typing import Final

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, LTX2Pipeline
from torch import nn

from generator.training import flowing, hearing, seeing
from generator.training.loop import Plan
from generator.training.parts import audio_vae, vae, vocoder

STAGES: Final = (hearing.SPECTRA, hearing.VOICE, seeing.DECODER, seeing.ENCODER, flowing.FLOW)


def averaged(model: nn.Module, plan: Plan, folder: Path) -> nn.Module:
    """With the running mean of its weights, as a stage left it."""
    held = torch.load(folder / f"{plan.name}.pt", map_location=torch.get_default_device(), weights_only=True)
    model.load_state_dict(held["model"])
    with torch.no_grad():
        for p, mean in zip(model.parameters(), held["mean"], strict=True):
            p.copy_(mean)
    return model.eval().requires_grad_(False)


def pipeline(folder: Path) -> LTX2Pipeline:
    """Of the stages in `folder`."""
    sound, voice, picture, flow = audio_vae(), vocoder(), vae(), flowing.Flow()
    averaged(sound, hearing.SPECTRA, folder)
    averaged(voice, hearing.VOICE, folder)
    averaged(picture.decoder, seeing.DECODER, folder)
    averaged(picture.encoder, seeing.ENCODER, folder)
    averaged(flow, flowing.FLOW, folder)
    scaled = flowing.Sound.of(sound, folder)
    sound.latents_mean.copy_(scaled.middle)
    sound.latents_std.fill_(1 / float(scaled.scale))
    return LTX2Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=1.0),
        vae=picture.eval(),
        audio_vae=sound,
        text_encoder=flow.text_encoder,
        tokenizer=flow.tokenizer,
        connectors=flow.connectors,
        transformer=flow.transformer,
        vocoder=voice,
    )


def write(folder: Path, out: Path) -> None:
    pipeline(folder).to(torch.float16).save_pretrained(out, safe_serialization=True)
