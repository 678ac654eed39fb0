"""One call of a diffusers pipeline, and the shape that batched calls share."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CallShape:
    """What the clips of one batch have in common."""

    pipeline: str
    width: int
    height: int
    num_frames: int
    frame_rate: float


@dataclass(frozen=True, slots=True)
class Call:
    """One pipeline call. `inputs` are this clip's arguments in addition to its shape and the manifest's `call`.

    The first `given` pictures of the result repeat the given ones; `given_audio` is their sound (latents, or None).
    """

    shape: CallShape
    inputs: dict[str, Any]
    given: int = 0
    given_audio: Any = None


@dataclass(frozen=True, slots=True)
class Draw:
    """A call with the seed of its noise."""

    call: Call
    seed: int
