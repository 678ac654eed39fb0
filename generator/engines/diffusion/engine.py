"""Engine for any folder of weights that `DiffusionPipeline.from_pretrained` loads, called as its manifest says."""

import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from generator import recipe
from generator.badge import pattern
from generator.engines.diffusion.badge import portrait
from generator.engines.diffusion.batcher import DynamicBatcher, StepCallback
from generator.engines.diffusion.best_of import BestAttempt, Drawn, best_attempt, unmet_traits
from generator.engines.diffusion.call import Call, CallShape, Draw
from generator.engines.diffusion.context import audio_prefix, latents_of
from generator.engines.diffusion.grammar import STYLES
from generator.engines.diffusion.manifest import Profile, WeightsManifest
from generator.engines.diffusion.pipelines import (
    Pipeline,
    accepted,
    conditions,
    reference,
    refuse_unknown,
    tune,
    variants,
)
from generator.engines.diffusion.post_process import fitted, last_frames, pictures
from generator.engines.diffusion.prompt_parser import KINDS, ParseResult, PromptParser, load_sentence_model
from generator.engines.diffusion.scenes import PromptScene, joined, scene_progress, scenes_of
from generator.memory import needed
from generator.ports import (
    BeyondCapabilities,
    Cancel,
    Cancelled,
    Capabilities,
    Estimate,
    GenerationRequest,
    Progress,
    RawClip,
    Unsupported,
)
from placet.media.audio_metrics import onsets

SMALL: Final = Path(__file__).parents[3] / "fixtures" / "weights" / "small"
SECONDS_A_STEP: Final = 0.25
SECONDS_A_FRAME: Final = 0.025
READ, DECODED = 0.02, 0.95
"""Progress at the end of these phases."""
MIN_RECONSTRUCTION_DB: Final = 22.0
"""Minimum PSNR of a picture that the autoencoder reconstructs; below it, the model does not know such pictures."""

PROGRESS_PER_WAITED_STEP: Final = 1e-6
"""Progress of a waiting caller per step of other batches, so that it stops only when they hang."""
CALL_OVERRIDES: Final = {"image_crf": 0}
"""No compression of the given picture: it was normalised on upload."""


BATCHED_PIPELINES: Final = ("text", "image")
"""Pipelines that take a batch of prompts; the others apply one condition to the whole batch."""
SHARED_INPUTS: Final = ("reference_conditions", "conditions")


class DiffusersEngine:
    """One set of components, in one pipeline per mode. Equal requests give equal bits on one machine."""

    def __init__(self, folder: Path = SMALL, *, load_parser: Callable[[], PromptParser] | None = None) -> None:
        self.manifest = WeightsManifest.read(folder)
        self._load_parser = load_parser or (lambda: PromptParser(load_sentence_model()))
        self._parser: PromptParser | None = None
        self._pipelines: dict[str, Pipeline] = {}
        self._batcher: DynamicBatcher[Draw, Drawn] = DynamicBatcher(self._batch_size, self._draw_or_offload)
        self.device = "cpu"
        self.is_offloaded = False

    @property
    def profile(self) -> Profile:
        """The profile of the device that holds the weights."""
        return self.manifest.profile(self.device)

    def at_once(self, request: GenerationRequest) -> int:
        """Two batches: one is checked and resized while the other is drawn."""
        size = 1 if request.badges or request.before else self.profile.batch_size
        return 2 * size if size > 1 else 1

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
        """Checks every file, then loads onto an accelerator if torch sees one. Raises WeightsRefused."""
        self.manifest.check()
        os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", DIFFUSERS_OFFLINE="1")
        # OpenMP threads that spin while they wait take the cores from every other process. On a busy install with two
        # cores, a clip of 4 s took 37 s that way; it takes 5 s now. OpenMP reads this when torch is loaded.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        import torch
        from diffusers import DiffusionPipeline
        from diffusers.utils import logging
        from transformers.utils import logging as words_logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()
        words_logging.disable_progress_bar()
        if torch.cuda.is_available():
            self.device = "cuda"
            torch.set_num_threads(1)  # many callers: a thread pool for each would be too many
        loaded = DiffusionPipeline.from_pretrained(
            self.manifest.folder,
            local_files_only=True,
            use_safetensors=True,
            dtype=getattr(torch, self.profile.dtype),
        ).to(self.device)
        tune(loaded, self.profile)
        self._pipelines = variants(loaded)
        for pipeline in self._pipelines.values():
            pipeline.set_progress_bar_config(disable=True)
        refuse_unknown(self.manifest, self._pipelines)
        if self.manifest.grammar is not None:
            self._parser = self._load_parser()

    def unload(self) -> None:
        self._pipelines, self._parser, self.is_offloaded = {}, None, False

    def generate(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> RawClip:
        self._check(request)
        grid = self.manifest.grid
        parts = scenes_of(request, grid)
        scenes: list[PromptScene] = []
        for number, part in enumerate(parts):
            before = scenes[-1].end(grid.fps) if scenes else part.before
            scenes.append(
                self._scene(replace(part, before=before), scene_progress(progress, number, len(parts), DECODED), cancel)
            )
        progress("fit", DECODED)
        drawn = joined(scenes, grid.fps)
        frames = fitted(drawn.frames, request.width, request.height)
        made_from = self._recipe(request, scenes, Drawn(frames, drawn.pcm, drawn.rate))
        progress("done", 1.0)
        heard = [float(at) for at in onsets(drawn.pcm, drawn.rate)]
        return RawClip(frames, grid.fps, drawn.pcm, drawn.rate, made_from, heard)

    def _scene(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> PromptScene:
        progress("read", 0.0)
        read = self._parse(request)
        call = self._call(request, read)
        return PromptScene(read, self._best_attempt(request, read, call, progress, cancel), call)

    def _check(self, request: GenerationRequest) -> None:
        self.capabilities().refuse_beyond(request)
        if request.style is not None and request.style not in STYLES:
            raise BeyondCapabilities(f"Style {request.style!r} is unknown; choose one of {list(STYLES[1:])}.")
        if request.badges and self.manifest.grammar is None:
            raise BeyondCapabilities(
                "These weights were not trained on badges and cannot show a person; choose another engine."
            )
        if len(request.badges) > 1:
            raise BeyondCapabilities("This engine shows one person per clip; request one clip each.")
        grid = self.manifest.grid
        if request.before and grid.max_context_frames + grid.wanted(request.seconds) > grid.max_frames:
            longest = (grid.max_frames - grid.max_context_frames) // grid.fps
            raise BeyondCapabilities(f"{request.seconds} s: this engine extends a clip by at most {longest} s.")

    def _parse(self, request: GenerationRequest) -> ParseResult | None:
        """None for weights that take any wording."""
        if self._parser is None:
            return None
        lines = [*(request.parent_prompt or "").splitlines(), request.prompt]
        read = self._parser.parse_lines(lines, request.seed, request.style)
        if request.before and (other := {kind: was for kind, was in read.changed.items() if was and kind != "motion"}):
            kept = replace(read.prompt, **other)
            raise Unsupported(tuple(getattr(read.prompt, kind) for kind in other), (str(kept),))
        return read

    def _call(self, request: GenerationRequest, read: ParseResult | None) -> Call:
        grid = self.manifest.grid
        width, height = grid.nearest(request.width, request.height)

        def shape(pipeline: str) -> CallShape:
            return CallShape(pipeline, width, height, grid.frames(request.seconds), float(grid.fps))

        inputs: dict[str, Any] = {"prompt": str(read.prompt) if read else _full_prompt(request)}
        if request.before:
            most = (
                1 if read and "motion" in read.changed else grid.max_context_frames
            )  # how it moved must not be gone on with
            frames = fitted(last_frames(request.before, grid.fps, most), width, height)
            frames = frames[-grid.context_frames(len(frames)) :]
            self._refuse_unlike(Image.fromarray(frames[-1]), "this clip")
            given = len(frames)
            extended = CallShape("extend", width, height, grid.frames(request.seconds, given), float(grid.fps))
            heard = None
            if self.manifest.grammar and len(request.before.pcm) and given > 1:
                codec = self._pipelines["text"].audio_vae
                heard = latents_of(request.before, given / grid.fps, codec, self.device)
            return Call(extended, inputs | {"conditions": conditions(frames)}, given, heard)
        if request.badges:
            shown = portrait(pattern(request.badges[0]), width, height)
            return Call(shape("reference"), inputs | {"reference_conditions": reference(shown)})
        if request.mode == "image" and request.image is not None:
            picture = Image.open(BytesIO(request.image)).convert("RGB")
            inputs["image"] = Image.fromarray(fitted(np.asarray(picture)[None], width, height)[0])
            self._refuse_unlike(inputs["image"], "this picture")
            return Call(shape("image"), inputs)
        return Call(shape("text"), inputs)

    def _refuse_unlike(self, picture: Image.Image, name: str) -> None:
        """Raises Unsupported for a picture that the autoencoder does not reconstruct."""
        if self.manifest.grammar is None:
            return
        import torch

        vae = self._pipelines["text"].vae
        given = torch.from_numpy(np.asarray(picture, np.float32)).permute(2, 0, 1)[None, :, None] / 127.5 - 1
        given = given.to(self.device, vae.dtype)
        with torch.inference_mode():
            back = vae.decode(vae.encode(given).latent_dist.mode()).sample
        error = float((back - given).float().pow(2).mean()) / 4
        if -10 * np.log10(error + 1e-9) < MIN_RECONSTRUCTION_DB:
            raise Unsupported((name,), self.manifest.vocabulary.get("examples", ()))

    def _best_attempt(
        self, request: GenerationRequest, read: ParseResult | None, call: Call, progress: Progress, cancel: Cancel
    ) -> BestAttempt:
        steps, draws = int(self.manifest.call["num_inference_steps"]), self.manifest.max_attempts

        def draw(number: int, seed: int) -> Drawn:
            begin, end = (READ + (DECODED - READ) * (1 - 0.25**n) for n in (number, number + 1))

            def moved(done_0_1: float) -> None:
                if reason := cancel():
                    raise Cancelled(reason, 0)
                progress("draw again" if number else "draw", begin + (end - begin) * done_0_1)

            moved(0.0)
            drawn = self._batcher.submit(
                call.shape,
                Draw(call, seed),
                on_step=lambda step: moved(step / (steps + 1)),
                on_wait=lambda steps_of_others: moved(steps_of_others * PROGRESS_PER_WAITED_STEP),
            )
            last = call.given + self.manifest.grid.wanted(request.seconds)
            return replace(drawn, frames=drawn.frames[:last])

        def misses(drawn: Drawn) -> tuple[str, ...]:
            assert read is not None
            cells = pattern(request.badges[0]) if call.shape.pipeline == "reference" else None
            return unmet_traits(read.prompt, drawn, self.manifest.grid.fps, cells)

        return best_attempt(draw, request.seed, misses if read else None, draws)

    def _batch_size(self, shape: CallShape) -> int:
        return self.profile.batch_size if shape.pipeline in BATCHED_PIPELINES else 1

    def _draw_or_offload(self, draws: Sequence[Draw], stepped: StepCallback) -> list[Drawn]:
        """Without enough accelerator memory, offloads idle parts to main memory from then on."""
        import torch

        try:
            return self._draw(draws, stepped)
        except torch.OutOfMemoryError:
            if self.is_offloaded or self.device == "cpu":
                raise
        self.is_offloaded = True
        torch.cuda.empty_cache()
        self._pipelines[draws[0].call.shape.pipeline].enable_model_cpu_offload()
        return self._draw(draws, stepped)

    def _draw(self, draws: Sequence[Draw], stepped: StepCallback) -> list[Drawn]:
        import torch

        shape = draws[0].call.shape
        pipeline = self._pipelines[shape.pipeline]

        def after(_pipe: Pipeline, step: int, _time: Any, state: dict[str, Any]) -> dict[str, Any]:
            stepped(step + 1)
            return state

        fixed = {
            key: value for key, value in {**self.manifest.call, **CALL_OVERRIDES}.items() if key in accepted(pipeline)
        }
        given = draws[0].call.given_audio
        with torch.inference_mode(), nullcontext() if given is None else audio_prefix(pipeline.transformer, given):
            made = pipeline(
                **fixed,
                **_inputs(draws),
                width=shape.width,
                height=shape.height,
                num_frames=shape.num_frames,
                frame_rate=shape.frame_rate,
                generator=[torch.Generator("cpu").manual_seed(draw.seed) for draw in draws],
                callback_on_step_end=after,
                output_type="pt",
            )
        rate = int(pipeline.vocoder.config.output_sampling_rate)
        frames, sounds = pictures(made.frames), made.audio.float().cpu().numpy()
        return [Drawn(seen, heard.T, rate) for seen, heard in zip(frames, sounds, strict=True)]

    def _recipe(self, request: GenerationRequest, scenes: Sequence[PromptScene], clip: Drawn) -> dict[str, Any]:
        """The clip's recipe, with words and persons as hashes."""
        import diffusers
        import torch
        import transformers

        m, shape = self.manifest, scenes[0].call.shape
        barred = {"excluded_territories": list(m.excluded_territories)} if m.excluded_territories else {}
        return {
            "engine": {"name": m.engine, "version": m.version, "label": m.label, "manifest_sha256": m.sha256} | barred,
            "request": recipe.request_summary(request),
            "scene": _scene_summary([scene.parsed for scene in scenes if scene.parsed]),
            "call": {
                **asdict(shape),
                "pipeline": type(self._pipelines[shape.pipeline]).__name__,
                **{k: v for k, v in m.call.items() if not isinstance(v, dict)},
                **({"frames_of_scenes": [len(scene.frames) for scene in scenes]} if len(scenes) > 1 else {}),
            },
            "device": self._device_summary(shape),
            "versions": {
                **{lib.__name__: lib.__version__ for lib in (torch, diffusers, transformers, np)},
            },
            "unread_words": [],
            "raw": recipe.raw(clip.frames, clip.pcm, clip.rate),
            "attempts": [draw for scene in scenes for draw in scene.best.to_json()],
        }

    def _device_summary(self, shape: CallShape) -> dict[str, Any]:
        """What equal bits depend on: another device or batch size changes the last digits."""
        import torch

        name = torch.cuda.get_device_name() if self.device == "cuda" else "cpu"
        where = {"name": name, "threads": torch.get_num_threads(), "dtype": self.profile.dtype}
        batch = {"batch_size": self._batch_size(shape)} if self._batch_size(shape) > 1 else {}
        return where | batch | ({"offloaded": True} if self.is_offloaded else {})


def _full_prompt(request: GenerationRequest) -> str:
    """Prompt for weights that take any wording: the style, the parent's prompt, then the request's."""
    prompt = "\n".join(filter(None, (request.parent_prompt, request.prompt)))
    return f"{request.style} style: {prompt}" if request.style else prompt


def _inputs(draws: Sequence[Draw]) -> dict[str, Any]:
    """One list per input of the batch; shared inputs are lists already."""
    every = [draw.call.inputs for draw in draws]
    return {name: every[0][name] if name in SHARED_INPUTS else [inputs[name] for inputs in every] for name in every[0]}


def _scene_summary(reads: Sequence[ParseResult]) -> dict[str, Any]:
    """The parsed lines, the lowest of their similarities, and the kinds that the seed chose."""
    if not reads:
        return {}
    words = "; ".join(str(read.prompt) for read in reads)
    by_seed = [kind for kind in KINDS if any(kind in read.by_seed for read in reads)]
    return {"words": words, "similarity": round(min(read.similarity for read in reads), 3), "by_seed": by_seed}
