"""One call of a pipeline of diffusers, and what calls must have in common to be made together."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CallShape:
    """What clips must have in common to be drawn together."""

    pipeline: str
    width: int
    height: int
    num_frames: int
    frame_rate: float


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a pipeline. `inputs` are what is this clip's own, beside its shape and the manifest's own call.

    The first `given` pictures that come of it are those that it was given, with the sound `heard` (latents, or none).
    """

    shape: CallShape
    inputs: dict[str, Any]
    given: int = 0
    heard: Any = None


@dataclass(frozen=True, slots=True)
class Draw:
    """A call with the seed of its noise."""

    call: Call
    seed: int
