"""The sound of a clip's end, given to the model as its pictures are: what is drawn after it goes on from both.

The pipelines of diffusers take pictures as given, and no sound. So it is put in where the transformer is called: its
first latents are those of the given sound, at time 0, and what it says of them leads there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generator.ports import Before

TIMES: Final = 1_000
"""Of the schedule: pure noise is at this time."""
SURE: Final = 1
"""So many latents at the end of a given sound would rest on samples that are not there."""


def latents_of(before: Before, seconds: float, codec: Any, device: str) -> Any:
    """Of its last seconds, as the model sees them [1, n, channels]."""
    import torch
    from scipy.signal import resample_poly

    from generator.evaluation.mel import RATE, frames_of

    pcm: NDArray[np.float32] = before.pcm[len(before.pcm) - round(seconds * before.rate) :].mean(1)
    mono = resample_poly(pcm, RATE, before.rate).astype(np.float32)
    with torch.inference_mode():
        seen = frames_of(torch.from_numpy(mono)[None]).to(device, codec.dtype)
        codes = codec.encode(seen).latent_dist.mode().transpose(1, 2).flatten(2)
        return ((codes - codec.latents_mean) / codec.latents_std)[:, :-SURE]


@contextmanager
def carried(transformer: Any, given: Any) -> Iterator[None]:
    """While this lasts, the first latents of sound are `given`."""
    count = given.shape[1]
    noisy: list[Any] = []

    def before(_module: Any, args: Any, called: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        sound, time = called["audio_hidden_states"], called["audio_timestep"]
        noisy[:] = [sound[:, :count], time]
        sound = sound.clone()
        sound[:, :count] = given
        times = time[:, None].repeat(1, sound.shape[1])
        times[:, :count] = 0
        return args, called | {"audio_hidden_states": sound, "audio_timestep": times}

    def after(_module: Any, _args: Any, _called: Any, told: tuple[Any, ...]) -> tuple[Any, ...]:
        sound, time = noisy
        velocity = told[1].clone()
        velocity[:, :count] = (sound - given) * (TIMES / time[:, None, None])
        return (told[0], velocity, *told[2:])

    hooks = (
        transformer.register_forward_pre_hook(before, with_kwargs=True),
        transformer.register_forward_hook(after, with_kwargs=True),
    )
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
