"""The reference of the bench: the pipeline as anybody would call it, one clip after the other."""

import time
from pathlib import Path
from typing import Any

from generator.engines.diffusion.engine import SMALL
from generator.engines.diffusion.manifest import WeightsManifest
from generator.ports import GenerationRequest


def looped(asked: list[GenerationRequest], folder: Path = SMALL) -> float:
    """Clips a second of the pipeline alone, after one to warm up."""
    import torch
    from diffusers import DiffusionPipeline

    manifest = WeightsManifest.read(folder)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    pipeline = DiffusionPipeline.from_pretrained(folder, local_files_only=True, dtype=torch.float32).to(device)
    pipeline.set_progress_bar_config(disable=True)
    width, height = manifest.grid.nearest(asked[0].width, asked[0].height)

    def draw(request: GenerationRequest) -> Any:
        with torch.inference_mode():
            return pipeline(
                prompt=request.prompt, width=width, height=height, num_frames=manifest.grid.frames(request.seconds),
                frame_rate=float(manifest.grid.fps), output_type="np",
                generator=torch.Generator("cpu").manual_seed(request.seed), **manifest.call,
            )  # fmt: skip

    draw(asked[0])
    begun = time.perf_counter()
    for request in asked:
        draw(request)
    return len(asked) / (time.perf_counter() - begun)
