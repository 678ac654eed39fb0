"""Baseline of the benchmark: the pipeline in a plain loop, one clip after the other."""

import time
from pathlib import Path
from typing import Any

from generator.engines.diffusion.engine import SMALL
from generator.engines.diffusion.manifest import WeightsManifest
from generator.ports import GenerationRequest


def clips_per_second(requests: list[GenerationRequest], folder: Path = SMALL) -> float:
    """Clips a second of the pipeline alone, after one warm-up clip."""
    import torch
    from diffusers import DiffusionPipeline

    manifest = WeightsManifest.read(folder)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    pipeline = DiffusionPipeline.from_pretrained(folder, local_files_only=True, dtype=torch.float32).to(device)
    pipeline.set_progress_bar_config(disable=True)
    width, height = manifest.grid.nearest(requests[0].width, requests[0].height)

    def draw(request: GenerationRequest) -> Any:
        with torch.inference_mode():
            return pipeline(
                prompt=request.prompt, width=width, height=height, num_frames=manifest.grid.frames(request.seconds),
                frame_rate=float(manifest.grid.fps), output_type="np",
                generator=torch.Generator("cpu").manual_seed(request.seed), **manifest.call,
            )  # fmt: skip

    draw(requests[0])
    begun = time.perf_counter()
    for request in requests:
        draw(request)
    return len(requests) / (time.perf_counter() - begun)
