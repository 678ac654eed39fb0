"""Audio context: gives the model the sound of a clip's end, as it gets its pictures, so that both continue.

Diffusers' pipelines take given pictures, but no sound. Hooks on the transformer add it: the first latents are those of
the given sound, at time 0, and the returned velocities lead there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generator.ports import Before

NOISE_TIME: Final = 1_000
"""The schedule's time of pure noise."""
DROPPED_LATENTS: Final = 1
"""Latents cut from the end of a given sound, because they depend on samples after it."""


def latents_of(before: Before, seconds: float, codec: Any, device: str) -> Any:
    """Latents of the last `seconds` of sound, normalised for the model [1, n, channels]."""
    import torch
    from scipy.signal import resample_poly

    from generator.evaluation.mel import RATE, frames_of

    pcm: NDArray[np.float32] = before.pcm[len(before.pcm) - round(seconds * before.rate) :].mean(1)
    mono = resample_poly(pcm, RATE, before.rate).astype(np.float32)
    with torch.inference_mode():
        seen = frames_of(torch.from_numpy(mono)[None]).to(device, codec.dtype)
        codes = codec.encode(seen).latent_dist.mode().transpose(1, 2).flatten(2)
        return ((codes - codec.latents_mean) / codec.latents_std)[:, :-DROPPED_LATENTS]


@contextmanager
def audio_prefix(transformer: Any, given: Any) -> Iterator[None]:
    """Fixes the first audio latents to `given` inside the block."""
    count = given.shape[1]
    noisy: list[Any] = []

    def before(_module: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        sound, time = kwargs["audio_hidden_states"], kwargs["audio_timestep"]
        noisy[:] = [sound[:, :count], time]
        sound = sound.clone()
        sound[:, :count] = given
        times = time[:, None].repeat(1, sound.shape[1])
        times[:, :count] = 0
        return args, kwargs | {"audio_hidden_states": sound, "audio_timestep": times}

    def after(_module: Any, _args: Any, _kwargs: Any, outputs: tuple[Any, ...]) -> tuple[Any, ...]:
        sound, time = noisy
        velocity = outputs[1].clone()
        velocity[:, :count] = (sound - given) * (NOISE_TIME / time[:, None, None])
        return (outputs[0], velocity, *outputs[2:])

    hooks = (
        transformer.register_forward_pre_hook(before, with_kwargs=True),
        transformer.register_forward_hook(after, with_kwargs=True),
    )
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
