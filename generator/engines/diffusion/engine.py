"""Any folder of weights that `DiffusionPipeline.from_pretrained` loads, called exactly as its manifest says."""

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generator import recipe
from generator.engines.diffusion.choosing import Choice, Drawn, choose
from generator.engines.diffusion.fitting import fitted, lasting, pictures
from generator.engines.diffusion.manifest import Manifest, WeightsRefused
from generator.engines.diffusion.wording import Read, Reader, sentences
from generator.memory import needed
from generator.port import (
    BeyondCapabilities,
    Cancel,
    Cancelled,
    Capabilities,
    Estimate,
    GenerationRequest,
    OutsideVocabulary,
    Progress,
    RawClip,
)
from generator.trained import badge
from generator.trained.grammar import STYLES, Asked
from placet.media.ears import onsets

SMALL: Final = Path(__file__).parents[3] / "fixtures" / "weights" / "small"
SECONDS_A_STEP: Final = 0.25
SECONDS_A_FRAME: Final = 0.025
READ, DECODED = 0.02, 0.95
"""Where on the way the phases end."""
ALIKE_DB: Final = 22.0
"""A picture that comes back from the autoencoder with more error than this is none that the model knows."""

Pipeline = Any
"""A pipeline of diffusers: its classes have no types."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a pipeline: which of them, and what differs from the manifest's own call."""

    pipeline: str
    inputs: dict[str, Any]


class DiffusersEngine:
    """One set of components, in one pipeline for each way of asking. Bit-equal by request, on one machine."""

    def __init__(self, folder: Path = SMALL, *, read: Callable[[], Reader] | None = None) -> None:
        self.manifest = Manifest.read(folder)
        self._read = read or (lambda: Reader(sentences()))
        self._reader: Reader | None = None
        self._pipelines: dict[str, Pipeline] = {}

    def capabilities(self) -> Capabilities:
        m = self.manifest
        return Capabilities(
            engine=m.engine,
            version=m.version,
            modes=m.modes,  # type: ignore[arg-type]  # checked against the port when the manifest was written
            sizes=m.sizes,
            max_seconds=m.max_seconds,
            has_sound=True,
            vocabulary=m.vocabulary,
            licence=m.licence,
            excluded_territories=m.excluded_territories,
            is_renderer=False,
            label=m.label,
        )

    def estimate(self, request: GenerationRequest) -> Estimate:
        frames = self.manifest.grid.frames(request.seconds)
        steps = int(self.manifest.call["num_inference_steps"])
        share = frames / self.manifest.grid.frames(4)
        need = needed(frames, request.width, request.height)
        return Estimate(seconds=share * steps * SECONDS_A_STEP + frames * SECONDS_A_FRAME, bytes=need)

    def load(self) -> None:
        """Check every file, then load. Raises WeightsRefused."""
        self.manifest.check()
        os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", DIFFUSERS_OFFLINE="1")
        import torch
        from diffusers import DiffusionPipeline
        from diffusers.utils import logging
        from transformers.utils import logging as words_logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()
        words_logging.disable_progress_bar()
        loaded = DiffusionPipeline.from_pretrained(
            self.manifest.folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
        )
        self._pipelines = _ways(loaded)
        for pipeline in self._pipelines.values():
            pipeline.set_progress_bar_config(disable=True)
        _refuse_unknown(self.manifest, self._pipelines)
        if self.manifest.grammar is not None:
            self._reader = self._read()

    def unload(self) -> None:
        self._pipelines, self._reader = {}, None

    def generate(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> RawClip:
        self._check(request)
        progress("read", 0.0)
        read = self._words(request)
        call = self._call(request, read)
        choice = self._chosen(request, read, call, progress, cancel)
        progress("fit", DECODED)
        drawn, fps = choice.drawn, self.manifest.grid.fps
        frames = fitted(drawn.frames, request.width, request.height)
        pcm = _as_long(drawn.pcm, len(frames) / fps, drawn.rate)
        made_from = self._recipe(request, read, call, Drawn(frames, pcm, drawn.rate)) | {"draws": choice.told()}
        progress("done", 1.0)
        return RawClip(frames, fps, pcm, drawn.rate, made_from, [float(at) for at in onsets(pcm, drawn.rate)])

    def _check(self, request: GenerationRequest) -> None:
        self.capabilities().refuse_beyond(request)
        if request.style is not None and request.style not in STYLES:
            raise BeyondCapabilities(f"Style {request.style!r} is unknown; choose one of {list(STYLES[1:])}.")
        if len(request.badges) > 1:
            raise BeyondCapabilities("This engine shows one person in a clip; ask for one clip each.")

    def _words(self, request: GenerationRequest) -> Read | None:
        """None where the weights read any wording themselves."""
        if self._reader is None:
            return None
        lines = [*(request.parent_prompt or "").splitlines(), request.prompt]
        read = self._reader.read_over(lines, request.seed, request.style)
        if request.badges and read.asked.shape not in badge.CARRIERS:
            raise OutsideVocabulary((), tuple(str(_carrying(read.asked, shape)) for shape in badge.CARRIERS))
        return read

    def _call(self, request: GenerationRequest, read: Read | None) -> Call:
        grid = self.manifest.grid
        width, height = grid.nearest(request.width, request.height)
        inputs: dict[str, Any] = {
            "prompt": str(read.asked) if read else request.prompt,
            "width": width,
            "height": height,
            "num_frames": grid.frames(request.seconds),
            "frame_rate": float(grid.fps),
        }
        if request.badges:
            shown = badge.portrait(badge.pattern(request.badges[0]), width, height)
            return Call("reference", inputs | {"reference_conditions": _reference(shown)})
        if request.mode == "image" and request.image is not None:
            picture = Image.open(BytesIO(request.image)).convert("RGB")
            inputs["image"] = Image.fromarray(fitted(np.asarray(picture)[None], width, height)[0])
            self._refuse_unlike(inputs["image"])
            return Call("image", inputs | {"image_crf": 0})
        return Call("text", inputs)

    def _refuse_unlike(self, picture: Image.Image) -> None:
        """What the autoencoder cannot give back, the model cannot go on from."""
        import torch

        vae = self._pipelines["text"].vae
        given = torch.from_numpy(np.asarray(picture, np.float32)).permute(2, 0, 1)[None, :, None] / 127.5 - 1
        with torch.inference_mode():
            back = vae.decode(vae.encode(given).latent_dist.mode()).sample
        error = float((back - given).pow(2).mean()) / 4
        if -10 * np.log10(error + 1e-9) < ALIKE_DB:
            raise OutsideVocabulary(("this picture",), self.manifest.vocabulary.get("examples", ()))

    def _chosen(
        self, request: GenerationRequest, read: Read | None, call: Call, progress: Progress, cancel: Cancel
    ) -> Choice:
        steps, draws = int(self.manifest.call["num_inference_steps"]), self.manifest.draws

        def draw(number: int, seed: int) -> Drawn:
            begin, end = (READ + (DECODED - READ) * (1 - 0.25**n) for n in (number, number + 1))
            progress("draw again" if number else "draw", begin)

            def after(step: int) -> None:
                if reason := cancel():
                    raise Cancelled(reason, 0)
                progress("draw again" if number else "draw", begin + (end - begin) * step / (steps + 1))

            drawn = self._drawn(call, seed, after)
            return replace(drawn, frames=lasting(drawn.frames, request.seconds, self.manifest.grid.fps))

        return choose(draw, request.seed, read.asked if read else None, self.manifest.grid.fps, draws)

    def _drawn(self, call: Call, seed: int, after: Callable[[int], None]) -> Drawn:
        import torch

        pipeline = self._pipelines[call.pipeline]

        def stepped(_pipe: Pipeline, step: int, _time: Any, held: dict[str, Any]) -> dict[str, Any]:
            after(step + 1)
            return held

        asked = {key: value for key, value in self.manifest.call.items() if key in _accepted(pipeline)}
        with torch.inference_mode():
            made = pipeline(
                **asked,
                **call.inputs,
                generator=torch.Generator("cpu").manual_seed(seed),
                callback_on_step_end=stepped,
                output_type="np",
            )
        rate = int(pipeline.vocoder.config.output_sampling_rate)
        return Drawn(pictures(made.frames[0]), made.audio[0].float().cpu().numpy().T, rate)

    def _recipe(self, request: GenerationRequest, read: Read | None, call: Call, clip: Drawn) -> dict[str, Any]:
        """What it was made from; words and persons by hash."""
        import diffusers
        import torch
        import transformers

        m = self.manifest
        barred = {"excluded_territories": list(m.excluded_territories)} if m.excluded_territories else {}
        return {
            "engine": {"name": m.engine, "version": m.version, "label": m.label, "manifest_sha256": m.sha256} | barred,
            "request": recipe.asked(request),
            "scene": _told(read) if read else {},
            "call": {
                "pipeline": type(self._pipelines[call.pipeline]).__name__,
                **{k: v for k, v in call.inputs.items() if isinstance(v, int | float)},
                **{k: v for k, v in m.call.items() if not isinstance(v, dict)},
            },
            "device": {"name": "cpu", "threads": torch.get_num_threads(), "dtype": "float32"},
            "versions": {
                **{lib.__name__: lib.__version__ for lib in (torch, diffusers, transformers, np)},
            },
            "unread_words": [],
            "raw": recipe.raw(clip.frames, clip.pcm, clip.rate),
        }


def _ways(loaded: Pipeline) -> dict[str, Pipeline]:
    """The same components, asked in other ways, where their family has these ways."""
    from diffusers import LTX2ImageToVideoPipeline, LTX2InContextPipeline, LTX2Pipeline

    ways = {"text": loaded}
    if isinstance(loaded, LTX2Pipeline):
        ways["image"] = LTX2ImageToVideoPipeline.from_pipe(loaded)
        ways["reference"] = LTX2InContextPipeline.from_pipe(loaded)
    return ways


def _accepted(pipeline: Pipeline) -> frozenset[str]:
    return frozenset(inspect.signature(pipeline.__call__).parameters)


def _refuse_unknown(manifest: Manifest, pipelines: dict[str, Pipeline]) -> None:
    """An argument that no pipeline takes would change nothing, and nobody would know."""
    known = frozenset().union(*(_accepted(pipeline) for pipeline in pipelines.values()))
    if unknown := sorted(set(manifest.call) - known):
        raise WeightsRefused(f"No pipeline of {manifest.folder} takes {unknown[0]!r}; nothing was loaded. Mend `call`.")


def _reference(picture: NDArray[np.uint8]) -> list[Any]:
    from diffusers.pipelines.ltx2.pipeline_ltx2_ic_lora import LTX2ReferenceCondition

    return [LTX2ReferenceCondition(frames=[Image.fromarray(picture)], strength=1.0)]


def _told(read: Read) -> dict[str, Any]:
    return {"words": str(read.asked), "similarity": round(read.similarity, 3), "by_seed": list(read.by_seed)}


def _carrying(asked: Asked, shape: str) -> Asked:
    return Asked(asked.colour, shape, asked.motion, asked.floor)


def _as_long(pcm: NDArray[np.float32], seconds: float, rate: int) -> NDArray[np.float32]:
    """In stereo, cut or filled with silence to the length of the pictures: never stretched [samples, 2]."""
    samples = round(seconds * rate)
    both = np.repeat(pcm[:samples], 2, 1) if pcm.shape[1] == 1 else pcm[:samples]
    return np.pad(both, ((0, samples - len(both)), (0, 0))).astype(np.float32)
