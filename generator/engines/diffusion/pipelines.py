"""Diffusers pipelines: variants over the same components, and inputs that have their own types."""

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generator.engines.diffusion.manifest import Profile, WeightsManifest, WeightsRefused

Pipeline = Any
"""A diffusers pipeline: its classes are untyped."""


def tune(loaded: Pipeline, profile: Profile) -> None:
    """Applies the device's profile."""
    if profile.attention:
        loaded.transformer.set_attention_backend(profile.attention)
    if profile.compile:
        loaded.transformer.compile_repeated_blocks(fullgraph=True)


def variants(loaded: Pipeline) -> dict[str, Pipeline]:
    """Pipelines over the same components by kind: `text`, and for LTX-2 also `image`, `reference`, `extend`."""
    from diffusers import LTX2ConditionPipeline, LTX2ImageToVideoPipeline, LTX2InContextPipeline, LTX2Pipeline

    found = {"text": loaded}
    if isinstance(loaded, LTX2Pipeline):
        found["image"] = LTX2ImageToVideoPipeline.from_pipe(loaded)
        found["reference"] = LTX2InContextPipeline.from_pipe(loaded)
        found["extend"] = LTX2ConditionPipeline.from_pipe(loaded)
    return found


def accepted(pipeline: Pipeline) -> frozenset[str]:
    """Argument names of the pipeline's call."""
    return frozenset(inspect.signature(pipeline.__call__).parameters)


def refuse_unknown(manifest: WeightsManifest, pipelines: dict[str, Pipeline]) -> None:
    """Raises WeightsRefused for a `call` argument that no pipeline takes: it would be ignored silently."""
    known = frozenset().union(*(accepted(pipeline) for pipeline in pipelines.values()))
    if unknown := sorted(set(manifest.call) - known):
        raise WeightsRefused(
            f"No pipeline of {manifest.folder} takes {unknown[0]!r}; nothing was loaded. Correct `call`."
        )


def reference(picture: NDArray[np.uint8]) -> list[Any]:
    """Condition: a picture [height, width, 3] that the clip should show somewhere."""
    from diffusers.pipelines.ltx2.pipeline_ltx2_ic_lora import LTX2ReferenceCondition

    return [LTX2ReferenceCondition(frames=[Image.fromarray(picture)], strength=1.0)]


def conditions(frames: NDArray[np.uint8]) -> list[Any]:
    """Condition: pictures [n, height, width, 3] that the clip begins with."""
    from diffusers.pipelines.ltx2.pipeline_ltx2_condition import LTX2VideoCondition

    return [LTX2VideoCondition(frames=[Image.fromarray(frame) for frame in frames], crf=0)]
