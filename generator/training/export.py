"""Export: trained parts into one folder that `DiffusionPipeline.from_pretrained` loads, in half precision."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, LTX2Pipeline
from torch import nn

from generator.engines.diffusion.grammar import COLOURS, FLOORS, HELD_OUT, MOTIONS, SHAPES, STYLES, VERSION
from generator.engines.diffusion.manifest import NAME, digest_of
from generator.training import flow_matching, identity_finetune, video_vae
from generator.training.audio_vae import SPECTRA, VOICE
from generator.training.loop import Plan
from generator.training.modules import WORDS, audio_vae, connectors, transformer, vae, vocoder
from generator.training.trajectories import FPS, LANDSCAPE, PORTRAIT

STAGES: Final = (SPECTRA, VOICE, video_vae.DECODER, video_vae.ENCODER, flow_matching.FLOW)


def load_averaged(model: nn.Module, plan: Plan, folder: Path) -> nn.Module:
    """The model with the running mean of its weights, from the stage's checkpoint."""
    checkpoint = torch.load(folder / f"{plan.name}.pt", map_location=torch.get_default_device(), weights_only=True)
    model.load_state_dict(checkpoint["model"])
    with torch.no_grad():
        for p, mean in zip(model.parameters(), checkpoint["mean"], strict=True):
            p.copy_(mean)
    return model.eval().requires_grad_(False)


def pipeline(folder: Path) -> LTX2Pipeline:
    """The pipeline from the stages in `folder`."""
    sound, voice, picture, flow = audio_vae(), vocoder(), vae(), flow_matching.Flow()
    load_averaged(sound, SPECTRA, folder)
    load_averaged(voice, VOICE, folder)
    load_averaged(picture.decoder, video_vae.DECODER, folder)
    load_averaged(picture.encoder, video_vae.ENCODER, folder)
    load_averaged(flow, flow_matching.FLOW, folder)
    scaled = flow_matching.Sound.of(sound, folder)
    sound.latents_mean.copy_(scaled.middle)
    sound.latents_std.fill_(1 / float(scaled.scale))
    return LTX2Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=2.0),
        vae=picture.eval(),
        audio_vae=sound,
        text_encoder=flow.text_encoder,
        tokenizer=flow.tokenizer,
        connectors=flow.connectors,
        transformer=flow.transformer,
        vocoder=voice,
    )


CALL: Final[dict[str, Any]] = {
    "num_inference_steps": 12,
    "guidance_scale": 2.0,
    "audio_guidance_scale": 2.0,
    "stg_scale": 0.0,
    "audio_stg_scale": 0.0,
    "modality_scale": 1.0,
    "audio_modality_scale": 1.0,
    "guidance_rescale": 0.0,
    "audio_guidance_rescale": 0.0,
    "spatio_temporal_guidance_blocks": None,
    "use_cross_timestep": False,
    "enable_prompt_enhancement": False,
    "max_sequence_length": WORDS,
}
"""Arguments whose defaults suit a model of 48 layers."""
LABEL: Final = "small trained model: simple objects that roll, fall and bounce, with the sound of it"


def assemble(folder: Path, out: Path, version: str) -> None:
    """Writes the weights and their manifest; no engine loads weights without one."""
    pipeline(folder).to(torch.float16).save_pretrained(out, safe_serialization=True)
    drawn = [[stage.width, stage.height] for stage in (PORTRAIT, LANDSCAPE)]
    manifest = {
        "format": 1,
        "engine": "small",
        "version": version,
        "label": LABEL,
        "licence": "Apache-2.0",
        "excluded_territories": [],
        "modes": ["text", "image", "remix", "extend"],
        "sizes": [[360, 640], [640, 360], [288, 512], [512, 288], [720, 1280], [1280, 720], *drawn],
        "max_seconds": 10.0,
        "grid": {
            "sizes": drawn,
            "fps": FPS,
            "frame_step": 4,
            "max_frames": flow_matching.MAX_FRAMES,
            "max_context_frames": 4 * flow_matching.MAX_CONTEXT - 3,
        },
        "call": CALL,
        "max_attempts": 2,
        "profiles": {"cuda": {"batch_size": 16}},
        "vocabulary": {
            "colours": list(COLOURS),
            "shapes": list(SHAPES),
            "motions": list(MOTIONS),
            "floors": list(FLOORS),
            "styles": list(STYLES[1:]),
        },
        "grammar": VERSION,
        "training": _training(folder),
        "acceptance": {},
        "files": {
            str(p.relative_to(out)): digest_of(p) for p in sorted(out.rglob("*")) if p.is_file() and p.name != NAME
        },
    }
    (out / NAME).write_text(json.dumps(manifest, indent=2) + "\n")


def _training(folder: Path) -> dict[str, Any]:
    return {
        "data": "procedural scenes alone, computed while training; no picture, clip or sound of anybody's",
        "grammar": VERSION,
        "code": "generator/training",
        "seeds": "the number of each step",
        "steps": steps_of(STAGES, folder),
        "held_out": sorted(" ".join(triple) for triple in HELD_OUT),
    }


def steps_of(stages: Iterable[Plan], folder: Path) -> dict[str, int]:
    """The step that each stage in `folder` reached."""
    return {plan.name: torch.load(folder / f"{plan.name}.pt", weights_only=True)["step"] for plan in stages}


def teach(folder: Path, weights: Path, version: str) -> None:
    """Merges the stages `likeness` and `plaques` into `weights`, and removes the acceptance table."""
    teacher = identity_finetune.Teacher(weights, folder)
    load_averaged(teacher.model, identity_finetune.LIKENESS, folder)
    load_averaged(teacher.vae.decoder, identity_finetune.PLAQUES, folder)
    taught = (
        ("transformer", transformer(), teacher.model.transformer),
        ("connectors", connectors(), teacher.model.connectors),
        ("vae", vae(), teacher.vae),
    )
    for name, fresh, model in taught:  # fresh, because a loaded model's config names its path
        fresh.load_state_dict(model.state_dict())
        fresh.half().save_pretrained(weights / name)
    manifest = json.loads((weights / NAME).read_text())
    if manifest["grammar"] != VERSION:
        manifest["training"]["grammar"] += f", then {VERSION}"
    manifest["version"], manifest["grammar"], manifest["acceptance"] = version, VERSION, {}
    manifest["training"]["steps"] |= steps_of((identity_finetune.LIKENESS, identity_finetune.PLAQUES), folder)
    manifest["files"] = {name: digest_of(weights / name) for name in manifest["files"]}
    (weights / NAME).write_text(json.dumps(manifest, indent=2) + "\n")
