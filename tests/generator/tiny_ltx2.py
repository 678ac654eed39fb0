"""A folder in the published layout of LTX-2, with some thousand random weights.

As there, and unlike the shipped model: the text encoder is Gemma 3 with a tokenizer that pads on the left, time is
compressed eightfold and space by 32, the schedule is shifted by the clip's length, and the sound is stereo at 24 kHz.
Only widths and depths are small. `python -m tests.generator.tiny_ltx2 FOLDER` makes one.
"""

import json
import sys
from pathlib import Path
from string import ascii_lowercase
from typing import Any, Final

from generator.engines.diffusion.manifest import NAME, digest_of

LETTERS: Final = 64
"""Letters of a prompt: each is a token."""
WIDTH: Final = 32
"""Width of Gemma's hidden states, the input of the connectors."""
CALL: Final[dict[str, Any]] = {
    "num_inference_steps": 2,
    "guidance_scale": 4.0,
    "stg_scale": 0.0,
    "audio_stg_scale": 0.0,
    "modality_scale": 1.0,
    "audio_modality_scale": 1.0,
    "spatio_temporal_guidance_blocks": None,
    "negative_prompt": "worst quality",
    "max_sequence_length": LETTERS,
}


def make(folder: Path) -> None:
    """Writes the weights and their manifest. No network."""
    _pipeline().save_pretrained(folder, safe_serialization=True)
    manifest = {
        "format": 1,
        "engine": "tiny",
        "version": "0",
        "label": "random weights in the layout of LTX-2",
        "licence": "Apache-2.0",
        "excluded_territories": ["KR"],
        "modes": ["text", "image", "remix", "extend"],
        "sizes": [[64, 96], [96, 64]],
        "max_seconds": 5.0,
        "grid": {"sizes": [[64, 96], [96, 64]], "fps": 24, "frame_step": 8, "max_frames": 121, "max_context_frames": 9},
        "call": CALL,
        "max_attempts": 1,
        "profiles": {},
        "vocabulary": {},
        "grammar": None,
        "training": {"data": "none: the weights are random"},
        "acceptance": {},
        "files": {str(p.relative_to(folder)): digest_of(p) for p in sorted(folder.rglob("*")) if p.is_file()},
    }
    (folder / NAME).write_text(json.dumps(manifest, indent=2) + "\n")


def _pipeline() -> Any:
    import torch
    from diffusers import FlowMatchEulerDiscreteScheduler, LTX2Pipeline

    torch.manual_seed(0)
    return LTX2Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True, base_shift=0.95, max_shift=2.05, base_image_seq_len=1024,
            max_image_seq_len=4096, shift_terminal=0.1,
        ),
        text_encoder=_gemma(),
        tokenizer=_tokenizer(),
        **_drawing(),
    )  # fmt: skip


def _gemma() -> Any:
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    layers = {"num_hidden_layers": 2, "hidden_size": WIDTH, "intermediate_size": 64, "num_attention_heads": 2}
    text = {
        **layers, "num_key_value_heads": 1, "head_dim": 16, "vocab_size": 64, "sliding_window": 8,
        "layer_types": ["sliding_attention", "full_attention"],
    }  # fmt: skip
    eyes = {**layers, "image_size": 32, "patch_size": 16}
    return Gemma3ForConditionalGeneration(
        Gemma3Config(text_config=text, vision_config=eyes, mm_tokens_per_image=4, image_token_index=60)
    ).eval()


def _tokenizer() -> Any:
    from transformers import GemmaTokenizer

    named = ("<pad>", "<eos>", "<bos>", "<unk>")
    letters = {letter: number for number, letter in enumerate((*named, "▁", *ascii_lowercase))}
    return GemmaTokenizer(vocab=letters, merges=[], model_max_length=LETTERS)


def _drawing() -> dict[str, Any]:
    """The parts after Gemma: connectors, transformer, autoencoders, vocoder."""
    from diffusers import AutoencoderKLLTX2Audio, AutoencoderKLLTX2Video, LTX2VideoTransformer3DModel
    from diffusers.pipelines.ltx2 import LTX2TextConnectors, LTX2Vocoder

    heads = {"num_attention_heads": 2, "attention_head_dim": 16, "audio_num_attention_heads": 2}
    named = {f"{kind}_connector_{what}": n for kind in ("video", "audio")
             for what, n in (("num_attention_heads", 2), ("attention_head_dim", 16), ("num_layers", 1),
                             ("num_learnable_registers", 16))}  # fmt: skip
    return {
        "connectors": LTX2TextConnectors(caption_channels=WIDTH, text_proj_in_factor=3, **named),
        "transformer": LTX2VideoTransformer3DModel(
            in_channels=8, out_channels=8, cross_attention_dim=32, audio_in_channels=16, audio_out_channels=16,
            audio_attention_head_dim=16, audio_cross_attention_dim=32, num_layers=2, caption_channels=WIDTH, **heads,
        ),
        "vae": AutoencoderKLLTX2Video(
            latent_channels=8, block_out_channels=(8, 8, 16, 16), decoder_block_out_channels=(16, 32, 64),
            layers_per_block=(1, 1, 1, 1, 1), decoder_layers_per_block=(1, 1, 1, 1), decoder_causal=False,
            decoder_spatial_padding_mode="reflect", spatial_compression_ratio=32, temporal_compression_ratio=8,
        ),
        "audio_vae": AutoencoderKLLTX2Audio(
            base_channels=16, num_res_blocks=1, latent_channels=2, mel_bins=32, resolution=32
        ),
        "vocoder": LTX2Vocoder(in_channels=64, hidden_channels=64),
    }  # fmt: skip


if __name__ == "__main__":
    make(Path(sys.argv[1]))
