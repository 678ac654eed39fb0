"""Pipelines of diffusers: the same components asked in several ways, and the inputs that have types of its own."""

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generator.engines.diffusion.manifest import Profile, WeightsManifest, WeightsRefused

Pipeline = Any
"""A pipeline of diffusers: its classes have no types."""


def tune(loaded: Pipeline, profile: Profile) -> None:
    """As the profile of this device says."""
    if profile.attention:
        loaded.transformer.set_attention_backend(profile.attention)
    if profile.compile:
        loaded.transformer.compile_repeated_blocks(fullgraph=True)


def ways(loaded: Pipeline) -> dict[str, Pipeline]:
    """The same components, asked in other ways, where their family has these ways."""
    from diffusers import LTX2ConditionPipeline, LTX2ImageToVideoPipeline, LTX2InContextPipeline, LTX2Pipeline

    found = {"text": loaded}
    if isinstance(loaded, LTX2Pipeline):
        found["image"] = LTX2ImageToVideoPipeline.from_pipe(loaded)
        found["reference"] = LTX2InContextPipeline.from_pipe(loaded)
        found["extend"] = LTX2ConditionPipeline.from_pipe(loaded)
    return found


def accepted(pipeline: Pipeline) -> frozenset[str]:
    """The names of the arguments that its call takes."""
    return frozenset(inspect.signature(pipeline.__call__).parameters)


def refuse_unknown(manifest: WeightsManifest, pipelines: dict[str, Pipeline]) -> None:
    """An argument that no pipeline takes would change nothing, and nobody would know. Raises WeightsRefused."""
    known = frozenset().union(*(accepted(pipeline) for pipeline in pipelines.values()))
    if unknown := sorted(set(manifest.call) - known):
        raise WeightsRefused(f"No pipeline of {manifest.folder} takes {unknown[0]!r}; nothing was loaded. Mend `call`.")


def reference(picture: NDArray[np.uint8]) -> list[Any]:
    """A picture [height, width, 3] to be shown somewhere in the clip."""
    from diffusers.pipelines.ltx2.pipeline_ltx2_ic_lora import LTX2ReferenceCondition

    return [LTX2ReferenceCondition(frames=[Image.fromarray(picture)], strength=1.0)]


def conditions(frames: NDArray[np.uint8]) -> list[Any]:
    """Pictures [n, height, width, 3] that the clip begins with."""
    from diffusers.pipelines.ltx2.pipeline_ltx2_condition import LTX2VideoCondition

    return [LTX2VideoCondition(frames=[Image.fromarray(frame) for frame in frames], crf=0)]
