"""Components of the small model, under diffusers' names. All their sizes are defined here."""

from typing import Any, Final

from diffusers import AutoencoderKLLTX2Audio, AutoencoderKLLTX2Video, LTX2VideoTransformer3DModel
from diffusers.pipelines.ltx2.connectors import LTX2TextConnectors
from diffusers.pipelines.ltx2.vocoder import LTX2Vocoder
from transformers import T5Config, T5EncoderModel

from generator.evaluation.mel import BANDS, HOP, RATE

CHANNELS: Final = 88
"""Channels of a video latent, which covers 32 x 32 pixels of four frames."""
SOUND_CHANNELS: Final = 4
HEADS, HEAD = 6, 32
SOUND_HEADS, SOUND_HEAD = 6, 16
LAYERS: Final = 5
WORDS: Final = 32
"""The longest prompt, in words."""
TEXT: Final = 96
TEXT_LAYERS: Final = 2


def audio_vae() -> AutoencoderKLLTX2Audio:
    return AutoencoderKLLTX2Audio(
        base_channels=SOUND_CHANNELS * BANDS // 4,
        output_channels=1,
        in_channels=1,
        ch_mult=(1, 2, 4),
        num_res_blocks=1,
        latent_channels=SOUND_CHANNELS,
        mel_bins=BANDS,
        resolution=BANDS,
        sample_rate=RATE,
        mel_hop_length=HOP,
    )


def vocoder() -> LTX2Vocoder:
    return LTX2Vocoder(
        in_channels=BANDS,
        hidden_channels=64,
        out_channels=1,
        upsample_kernel_sizes=[20, 32],
        upsample_factors=[10, 16],
        resnet_kernel_sizes=[3, 7],
        resnet_dilations=[[1, 3, 5], [1, 3, 5]],
        output_sampling_rate=RATE,
    )


def vae() -> AutoencoderKLLTX2Video:
    """32 times smaller in space, 4 times in time. The encoder is shallow because its target is nearly linear."""
    return AutoencoderKLLTX2Video(
        latent_channels=CHANNELS,
        patch_size=4,
        block_out_channels=(88, 176, 176),
        down_block_types=("LTX2VideoDownBlock3D",) * 3,
        layers_per_block=(0, 0, 0, 0),
        spatio_temporal_scaling=(True, True, True),
        downsample_type=("spatial", "spatiotemporal", "spatiotemporal"),
        decoder_block_out_channels=(32, 48, 96),
        decoder_layers_per_block=(4, 0, 0, 1),
        decoder_spatio_temporal_scaling=(True, True, True),
        decoder_inject_noise=(False, False, False, False),
        upsample_type=("spatiotemporal", "spatiotemporal", "spatial"),
        upsample_residual=(True, True, True),
        upsample_factor=(1, 1, 2),
        decoder_causal=False,
        spatial_compression_ratio=32,
        temporal_compression_ratio=4,
    )


def transformer() -> LTX2VideoTransformer3DModel:
    return LTX2VideoTransformer3DModel(
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        num_attention_heads=HEADS,
        attention_head_dim=HEAD,
        cross_attention_dim=HEADS * HEAD,
        audio_in_channels=BANDS,
        audio_out_channels=BANDS,
        audio_num_attention_heads=SOUND_HEADS,
        audio_attention_head_dim=SOUND_HEAD,
        audio_cross_attention_dim=SOUND_HEADS * SOUND_HEAD,
        num_layers=LAYERS,
        caption_channels=TEXT,
        vae_scale_factors=(4, 32, 32),
        pos_embed_max_pos=12,
        base_height=256,
        base_width=256,
        audio_pos_embed_max_pos=12,
        rope_theta=100.0,
    )


def text_encoder(words: int) -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(
            vocab_size=words,
            d_model=TEXT,
            d_kv=24,
            d_ff=256,
            num_layers=TEXT_LAYERS,
            num_heads=4,
            dropout_rate=0.0,
            pad_token_id=0,
            eos_token_id=1,
        )
    )


def connectors() -> LTX2TextConnectors:
    kind: dict[str, Any] = {}
    for stream in ("video", "audio"):
        kind |= {
            f"{stream}_connector_num_attention_heads": 4,
            f"{stream}_connector_attention_head_dim": TEXT // 4,
            f"{stream}_connector_num_layers": 1,
            f"{stream}_connector_num_learnable_registers": WORDS,
        }
    return LTX2TextConnectors(
        caption_channels=TEXT, text_proj_in_factor=TEXT_LAYERS + 1, connector_rope_base_seq_len=WORDS, **kind
    )
