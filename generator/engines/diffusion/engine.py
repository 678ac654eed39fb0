"""Any folder of weights that `DiffusionPipeline.from_pretrained` loads, called exactly as its manifest says."""

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
from generator.engines.diffusion.batcher import DynamicBatcher, Stepped
from generator.engines.diffusion.best_of import Choice, Drawn, choose, missed
from generator.engines.diffusion.call import Call, CallShape, Draw
from generator.engines.diffusion.context import carried, latents_of
from generator.engines.diffusion.grammar import STYLES
from generator.engines.diffusion.manifest import Profile, WeightsManifest
from generator.engines.diffusion.pipelines import (
    Pipeline,
    accepted,
    conditions,
    reference,
    refuse_unknown,
    tune,
    ways,
)
from generator.engines.diffusion.post_process import ending, fitted, pictures
from generator.engines.diffusion.prompt_parser import KINDS, Read, Reader, sentences
from generator.engines.diffusion.scenes import PromptScene, joined, part_of, scenes_of
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
"""Where on the way the phases end."""
ALIKE_DB: Final = 22.0
"""A picture that comes back from the autoencoder with more error than this is none that the model knows."""

A_STEP_OF_OTHERS: Final = 1e-6
"""Of the way, for whoever waits: it moves as long as they do, and stands when they hang."""
OWN: Final = {"image_crf": 0}
"""A picture is taken as it is: it was normalised when it came in."""


TOGETHER: Final = ("text", "image")
"""Pipelines that take several prompts at once; the others show one thing to all of them."""
FOR_ALL: Final = ("reference_conditions", "conditions")


class DiffusersEngine:
    """One set of components, in one pipeline for each way of asking. Bit-equal by request, on one machine."""

    def __init__(self, folder: Path = SMALL, *, read: Callable[[], Reader] | None = None) -> None:
        self.manifest = WeightsManifest.read(folder)
        self._read = read or (lambda: Reader(sentences()))
        self._reader: Reader | None = None
        self._pipelines: dict[str, Pipeline] = {}
        self._batcher: DynamicBatcher[Draw, Drawn] = DynamicBatcher(self._count, self._answered)
        self.device = "cpu"
        self.is_offloaded = False

    @property
    def profile(self) -> Profile:
        """Of the device that the weights are on."""
        return self.manifest.profile(self.device)

    def at_once(self, request: GenerationRequest) -> int:
        """Twice as many as sit together: half of them are looked at and fitted while the others are drawn."""
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
        """Check every file, then load, on an accelerator where torch sees one. Raises WeightsRefused."""
        self.manifest.check()
        os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", DIFFUSERS_OFFLINE="1")
        import torch
        from diffusers import DiffusionPipeline
        from diffusers.utils import logging
        from transformers.utils import logging as words_logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()
        words_logging.disable_progress_bar()
        if torch.cuda.is_available():
            self.device = "cuda"
            torch.set_num_threads(1)  # there are many callers: a pool of threads for each would be too many
        loaded = DiffusionPipeline.from_pretrained(
            self.manifest.folder,
            local_files_only=True,
            use_safetensors=True,
            dtype=getattr(torch, self.profile.dtype),
        ).to(self.device)
        tune(loaded, self.profile)
        self._pipelines = ways(loaded)
        for pipeline in self._pipelines.values():
            pipeline.set_progress_bar_config(disable=True)
        refuse_unknown(self.manifest, self._pipelines)
        if self.manifest.grammar is not None:
            self._reader = self._read()

    def unload(self) -> None:
        self._pipelines, self._reader, self.is_offloaded = {}, None, False

    def generate(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> RawClip:
        self._check(request)
        grid = self.manifest.grid
        parts = scenes_of(request, grid)
        scenes: list[PromptScene] = []
        for number, part in enumerate(parts):
            before = scenes[-1].end(grid.fps) if scenes else part.before
            scenes.append(
                self._scene(replace(part, before=before), part_of(progress, number, len(parts), DECODED), cancel)
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
        read = self._words(request)
        call = self._call(request, read)
        return PromptScene(read, self._chosen(request, read, call, progress, cancel), call)

    def _check(self, request: GenerationRequest) -> None:
        self.capabilities().refuse_beyond(request)
        if request.style is not None and request.style not in STYLES:
            raise BeyondCapabilities(f"Style {request.style!r} is unknown; choose one of {list(STYLES[1:])}.")
        if request.badges and self.manifest.grammar is None:
            raise BeyondCapabilities("These weights never saw a badge, so they can show nobody: ask another engine.")
        if len(request.badges) > 1:
            raise BeyondCapabilities("This engine shows one person in a clip; ask for one clip each.")
        grid = self.manifest.grid
        if request.before and grid.max_context_frames + grid.wanted(request.seconds) > grid.max_frames:
            longest = (grid.max_frames - grid.max_context_frames) // grid.fps
            raise BeyondCapabilities(f"{request.seconds} s: this engine goes on from a clip for at most {longest} s.")

    def _words(self, request: GenerationRequest) -> Read | None:
        """None where the weights read any wording themselves."""
        if self._reader is None:
            return None
        lines = [*(request.parent_prompt or "").splitlines(), request.prompt]
        read = self._reader.read_over(lines, request.seed, request.style)
        if request.before and (other := {kind: was for kind, was in read.before.items() if was and kind != "motion"}):
            kept = replace(read.asked, **other)
            raise Unsupported(tuple(getattr(read.asked, kind) for kind in other), (str(kept),))
        return read

    def _call(self, request: GenerationRequest, read: Read | None) -> Call:
        grid = self.manifest.grid
        width, height = grid.nearest(request.width, request.height)

        def shape(pipeline: str) -> CallShape:
            return CallShape(pipeline, width, height, grid.frames(request.seconds), float(grid.fps))

        inputs: dict[str, Any] = {"prompt": str(read.asked) if read else _in_full(request)}
        if request.before:
            most = (
                1 if read and "motion" in read.before else grid.max_context_frames
            )  # how it moved must not be gone on with
            frames = fitted(ending(request.before, grid.fps, most), width, height)
            frames = frames[-grid.given_of(len(frames)) :]
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
        """What the autoencoder cannot give back, a model of a few things cannot go on from."""
        if self.manifest.grammar is None:
            return
        import torch

        vae = self._pipelines["text"].vae
        given = torch.from_numpy(np.asarray(picture, np.float32)).permute(2, 0, 1)[None, :, None] / 127.5 - 1
        given = given.to(self.device, vae.dtype)
        with torch.inference_mode():
            back = vae.decode(vae.encode(given).latent_dist.mode()).sample
        error = float((back - given).float().pow(2).mean()) / 4
        if -10 * np.log10(error + 1e-9) < ALIKE_DB:
            raise Unsupported((name,), self.manifest.vocabulary.get("examples", ()))

    def _chosen(
        self, request: GenerationRequest, read: Read | None, call: Call, progress: Progress, cancel: Cancel
    ) -> Choice:
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
                after=lambda step: moved(step / (steps + 1)),
                waits=lambda steps_of_others: moved(steps_of_others * A_STEP_OF_OTHERS),
            )
            last = call.given + self.manifest.grid.wanted(request.seconds)
            return replace(drawn, frames=drawn.frames[:last])

        def misses(drawn: Drawn) -> tuple[str, ...]:
            assert read is not None
            cells = pattern(request.badges[0]) if call.shape.pipeline == "reference" else None
            return missed(read.asked, drawn, self.manifest.grid.fps, cells)

        return choose(draw, request.seed, misses if read else None, draws)

    def _count(self, shape: CallShape) -> int:
        return self.profile.batch_size if shape.pipeline in TOGETHER else 1

    def _answered(self, draws: Sequence[Draw], stepped: Stepped) -> list[Drawn]:
        """Where the accelerator's memory does not do, parts that are not at work wait in the machine's from then on."""
        import torch

        try:
            return self._drawn(draws, stepped)
        except torch.OutOfMemoryError:
            if self.is_offloaded or self.device == "cpu":
                raise
        self.is_offloaded = True
        torch.cuda.empty_cache()
        self._pipelines[draws[0].call.shape.pipeline].enable_model_cpu_offload()
        return self._drawn(draws, stepped)

    def _drawn(self, draws: Sequence[Draw], stepped: Stepped) -> list[Drawn]:
        import torch

        shape = draws[0].call.shape
        pipeline = self._pipelines[shape.pipeline]

        def after(_pipe: Pipeline, step: int, _time: Any, held: dict[str, Any]) -> dict[str, Any]:
            stepped(step + 1)
            return held

        fixed = {key: value for key, value in {**self.manifest.call, **OWN}.items() if key in accepted(pipeline)}
        given = draws[0].call.heard
        with torch.inference_mode(), nullcontext() if given is None else carried(pipeline.transformer, given):
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
        """What it was made from; words and persons by hash."""
        import diffusers
        import torch
        import transformers

        m, shape = self.manifest, scenes[0].call.shape
        barred = {"excluded_territories": list(m.excluded_territories)} if m.excluded_territories else {}
        return {
            "engine": {"name": m.engine, "version": m.version, "label": m.label, "manifest_sha256": m.sha256} | barred,
            "request": recipe.asked(request),
            "scene": _told([scene.read for scene in scenes if scene.read]),
            "call": {
                **asdict(shape),
                "pipeline": type(self._pipelines[shape.pipeline]).__name__,
                **{k: v for k, v in m.call.items() if not isinstance(v, dict)},
                **({"frames_of_scenes": [len(scene.frames) for scene in scenes]} if len(scenes) > 1 else {}),
            },
            "device": self._told_device(shape),
            "versions": {
                **{lib.__name__: lib.__version__ for lib in (torch, diffusers, transformers, np)},
            },
            "unread_words": [],
            "raw": recipe.raw(clip.frames, clip.pcm, clip.rate),
            "attempts": [draw for scene in scenes for draw in scene.choice.to_json()],
        }

    def _told_device(self, shape: CallShape) -> dict[str, Any]:
        """What the same bits need: on another device, or with other company, they differ in the last place."""
        import torch

        name = torch.cuda.get_device_name() if self.device == "cuda" else "cpu"
        where = {"name": name, "threads": torch.get_num_threads(), "dtype": self.profile.dtype}
        batch = {"batch_size": self._count(shape)} if self._count(shape) > 1 else {}
        return where | batch | ({"offloaded": True} if self.is_offloaded else {})


def _in_full(request: GenerationRequest) -> str:
    """For weights that read any wording: what the clip comes from, then what is asked of it, in its style."""
    said = "\n".join(filter(None, (request.parent_prompt, request.prompt)))
    return f"{request.style} style: {said}" if request.style else said


def _inputs(draws: Sequence[Draw]) -> dict[str, Any]:
    """One list of each input that is a clip's own; what is for all of a call is one list already."""
    every = [draw.call.inputs for draw in draws]
    return {name: every[0][name] if name in FOR_ALL else [inputs[name] for inputs in every] for name in every[0]}


def _told(reads: Sequence[Read]) -> dict[str, Any]:
    """What stood for each line, the least of their similarities, and what the seed chose in any."""
    if not reads:
        return {}
    words = "; ".join(str(read.asked) for read in reads)
    by_seed = [kind for kind in KINDS if any(kind in read.by_seed for read in reads)]
    return {"words": words, "similarity": round(min(read.similarity for read in reads), 3), "by_seed": by_seed}
