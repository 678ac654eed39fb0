"""The shipped weights through the diffusion engine: clips, refusals and cancellation."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from generator.badge import pattern
from generator.engines.diffusion.badge import portrait
from generator.engines.diffusion.batcher import DynamicBatcher, StepCallback
from generator.engines.diffusion.best_of import Drawn
from generator.engines.diffusion.call import Draw
from generator.engines.diffusion.engine import SMALL, DiffusersEngine
from generator.engines.diffusion.manifest import NAME, Profile, WeightsManifest, WeightsRefused
from generator.engines.diffusion.prompt_parser import PromptParser, load_sentence_model
from generator.evaluation.conditioning import likeness
from generator.evaluation.vision import Frames, detect_object
from generator.ports import Before, BeyondCapabilities, Cancelled, GenerationRequest, RawClip, Unsupported
from generator.registry import UnknownEngine, engine_named, names
from generator.training.render import portraits
from generator.training.trajectories import PORTRAIT
from tests.generator.questions import ask, never, silent

DRAWN = (128, 224)
SILENCE = np.zeros((32_000, 1), np.float32)
INSIDE = {
    "a red ball bounces on wood": "a red ball bounces on wood",
    "a crimson sphere hopping over the lawn": "a red ball bounces on grass",
    "yellow pyramid falling onto the grass": "a yellow cone falls and stops on grass",
    "a navy globe that goes right on parquet": "a blue ball rolls right on wood",
    "a violet cube drops onto the floorboards": "a purple cube falls and stops on wood",
    "the green star lies still on the grass": "a green star rests on grass",
}
OUTSIDE = (
    "a dog barks in the street",
    "two people walking on the beach at sunset",
    "a red car drives through the city",
    "a man juggling balls",
    "a red ball and a star bouncing on sand",
    "the president gives a speech",
    "",
)


@pytest.fixture(scope="module")
def reader() -> PromptParser:
    return PromptParser(load_sentence_model())


@pytest.fixture(scope="module")
def engine(reader: PromptParser) -> Iterator[DiffusersEngine]:
    torch.set_num_threads(2)
    made = DiffusersEngine(load_parser=lambda: reader)
    made.load()
    yield made
    made.unload()


def test_equal_requests_give_equal_clips_and_another_seed_differs(engine: DiffusersEngine) -> None:
    first, again, other = (
        engine.generate(ask("a red ball bounces on wood", size=DRAWN, seconds=1, seed=seed), silent, never)
        for seed in (5, 5, 6)
    )
    assert first.recipe["raw"] == again.recipe["raw"]
    assert first.recipe["raw"]["frames_sha256"] != other.recipe["raw"]["frames_sha256"]
    assert first.frames.shape == (12, 224, 128, 3)
    assert first.pcm.shape == (16_000, 2)


def test_the_requested_object_is_seen_and_heard(engine: DiffusersEngine) -> None:
    """One clip; `placet evaluate-model` makes the table of many."""
    clip = engine.generate(ask("a red cube falls on wood", size=DRAWN, seconds=4, seed=11), silent, never)
    seen = detect_object(clip.frames, clip.fps)
    assert (seen.colour, seen.shape, seen.motion) == ("red", "cube", "fall")
    assert len(clip.impacts) == 1
    assert abs(clip.impacts[0] - seen.impacts[0]) < 0.1


def test_a_clip_has_the_requested_size_and_length(engine: DiffusersEngine) -> None:
    clip = engine.generate(ask("a blue cube rests on grass", size=(640, 360), seconds=0.5), silent, never)
    assert clip.frames.shape == (6, 360, 640, 3)
    assert len(clip.pcm) == clip.rate / 2


def test_the_requested_badge_hangs_on_the_wall(engine: DiffusersEngine) -> None:
    wanted = ask("a red star rests on grass", size=DRAWN, seconds=1, badges=("ana",))
    clip = engine.generate(wanted, silent, never)
    plain = engine.generate(replace(wanted, badges=()), silent, never)
    assert likeness(pattern("ana"), clip.frames) > 0.7
    assert abs(likeness(pattern("ben"), clip.frames)) < 0.3
    assert abs(likeness(pattern("ana"), plain.frames)) < 0.3
    assert detect_object(clip.frames, clip.fps).colour == "red"


def test_an_extension_keeps_the_badge_on_the_wall(engine: DiffusersEngine) -> None:
    words = "a red ball rests on grass"
    first = engine.generate(ask(words, size=DRAWN, seconds=1, badges=("ana",)), silent, never)
    before = Before(first.frames, first.fps, first.pcm, first.rate)
    then = engine.generate(ask("it rests", over=words, size=DRAWN, seconds=1, before=before), silent, never)
    assert likeness(pattern("ana"), then.frames) > 0.7


def test_a_clip_starts_from_a_picture_unless_it_is_unknown(engine: DiffusersEngine) -> None:
    drawn = engine.generate(ask("a green ball rests on grass", size=DRAWN, seconds=1), silent, never).frames[0]
    clip = engine.generate(ask("a green ball rests on grass", size=DRAWN, seconds=1, image=_png(drawn)), silent, never)
    assert np.abs(clip.frames[0].astype(int) - drawn).mean() < 4
    noise = np.random.default_rng(1).integers(0, 255, (224, 128, 3), dtype=np.uint8)
    with pytest.raises(Unsupported, match="this picture"):
        engine.generate(ask("a green ball rests on grass", size=DRAWN, seconds=1, image=_png(noise)), silent, never)


def test_a_remix_changes_only_what_it_names(engine: DiffusersEngine) -> None:
    asked = ask("make it blue", over="a red ball rests on wood", size=DRAWN, seconds=0.5)
    assert engine.generate(asked, silent, never).recipe["scene"]["words"] == "a blue ball rests on wood"


@pytest.mark.promise("P3")
def test_a_cancellation_stops_between_steps_and_the_engine_continues(engine: DiffusersEngine) -> None:
    reported: list[float] = []
    with pytest.raises(Cancelled, match="revoked"):
        engine.generate(
            ask("a red ball bounces on wood", size=DRAWN, seconds=1),
            lambda _phase, done: reported.append(done),
            lambda: "revoked" if len(reported) > 3 else None,
        )
    assert max(reported) < 0.5
    assert engine.generate(ask("a red ball rests on wood", size=DRAWN, seconds=0.5), silent, never).frames.any()


@pytest.mark.parametrize(
    "wrong", [{"size": (300, 300)}, {"seconds": 10.5}, {"style": "baroque"}, {"badges": ("ana", "bob")}]
)
def test_an_unsupported_request_is_refused_before_anything_is_drawn(wrong: dict[str, object]) -> None:
    with pytest.raises(BeyondCapabilities):
        DiffusersEngine().generate(ask("a red ball rests on wood", **{"size": DRAWN} | wrong), silent, never)  # type: ignore[arg-type]


@pytest.mark.parametrize(("prompt", "caption"), INSIDE.items())
def test_free_wording_is_parsed(reader: PromptParser, prompt: str, caption: str) -> None:
    assert str(reader.parse(prompt, seed=3).prompt) == caption


@pytest.mark.parametrize("prompt", OUTSIDE)
def test_a_prompt_that_cannot_be_drawn_is_unsupported(reader: PromptParser, prompt: str) -> None:
    with pytest.raises(Unsupported) as outside:
        reader.parse(prompt, seed=3)
    assert len(outside.value.nearest) == 3


def test_the_seed_chooses_what_the_prompt_omits(reader: PromptParser) -> None:
    reads = [reader.parse("a ball bounces", seed=seed) for seed in range(60)]
    assert {read.by_seed for read in reads} == {("colour", "floor")}
    assert len({read.prompt.colour for read in reads}) == 6


def test_ten_thousand_words_are_parsed_quickly(reader: PromptParser) -> None:
    assert str(reader.parse("a red ball rests on wood " * 1_700, seed=1).prompt) == "a red ball rests on wood"


def test_capabilities_need_no_loading() -> None:
    found = engine_named("small").capabilities()
    assert not found.is_renderer
    assert found.vocabulary["shapes"] == ("ball", "cube", "cone", "star")


def test_the_shipped_weights_are_small_and_name_their_training_data() -> None:
    assert sum(p.stat().st_size for p in SMALL.rglob("*") if p.is_file()) < 20_000_000
    manifest = WeightsManifest.read(SMALL)
    manifest.check()
    assert "procedural" in manifest.training["data"]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SMALL, tmp_path / "weights"))


def test_own_weights_are_an_engine_by_their_manifests_name(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = json.loads((copied / NAME).read_text()) | {"engine": "mine", "grammar": None, "max_attempts": 1}
    (copied / NAME).write_text(json.dumps(manifest))
    monkeypatch.setenv("PLACET_MODEL_DIRS", str(copied))
    assert names() == ("scene", "small", "mine")
    engine = engine_named("mine")
    engine.load()
    clip = engine.generate(ask("whatever anybody says", size=DRAWN, seconds=0.5), silent, never)
    assert clip.recipe["engine"]["name"] == "mine"
    assert clip.frames.any()


def test_an_unreadable_or_wrongly_named_folder_is_left_out(
    copied: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PLACET_MODEL_DIRS", f"{copied}{os.pathsep}{copied.parent / 'nothing'}")
    assert names() == ("scene", "small")
    assert "may not be called 'small'" in caplog.text
    assert "cannot be read" in caplog.text
    with pytest.raises(UnknownEngine, match="mine"):
        engine_named("mine")


def test_changed_missing_and_unknown_files_are_refused(copied: Path) -> None:
    file = copied / "vocoder" / "diffusion_pytorch_model.safetensors"
    whole = file.read_bytes()
    for change in (lambda: file.write_bytes(whole[:-1] + b"\0"), file.unlink):
        change()
        with pytest.raises(WeightsRefused, match="vocoder"):
            DiffusersEngine(copied).load()
        file.write_bytes(whole)
    (copied / "more.py").write_text("print('remote code')")
    with pytest.raises(WeightsRefused, match=r"more\.py"):
        DiffusersEngine(copied).load()


def test_an_argument_that_no_pipeline_takes_is_refused(copied: Path) -> None:
    manifest = json.loads((copied / NAME).read_text())
    manifest["call"]["sparkle"] = 1
    (copied / NAME).write_text(json.dumps(manifest))
    with pytest.raises(WeightsRefused, match="sparkle"):
        DiffusersEngine(copied).load()


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsRefused, match="placet"):
        DiffusersEngine(tmp_path)


def test_the_reference_badge_is_drawn_as_in_training() -> None:
    cells = pattern("ana")
    taught = portraits(torch.from_numpy(cells)[None].float(), PORTRAIT)[0, 0].permute(1, 2, 0)
    assert np.abs(portrait(cells, *DRAWN) - ((taught.numpy() + 1) * 127.5)).max() <= 1


def _png(picture: Frames) -> bytes:
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("prompt", "fps"), [("a red ball bounces on wood", 12), ("a blue cube rolls right on grass", 24)]
)
def test_an_extension_starts_at_the_end_with_the_same_object(engine: DiffusersEngine, prompt: str, fps: int) -> None:
    parent = engine.generate(ask(prompt, size=DRAWN, seconds=2), silent, never)
    before = Before(np.repeat(parent.frames, fps // parent.fps, 0), fps, parent.pcm, parent.rate)
    child = engine.generate(ask("it goes on", over=prompt, before=before, size=DRAWN, seconds=2), silent, never)
    assert child.recipe["call"]["pipeline"] == "LTX2ConditionPipeline"
    assert (len(child.frames), len(child.pcm)) == (24, 2 * child.rate)
    was, went = (
        detect_object(parent.frames, parent.fps),
        detect_object(np.concatenate([parent.frames, child.frames]), parent.fps),
    )
    assert (went.colour, went.shape) == (was.colour, was.shape)
    steps = np.abs(np.diff(went.x))[len(parent.frames) - 2 : len(parent.frames) + 2] * DRAWN[1]
    assert steps.max() <= 6  # pixels per picture, no more than its own motion
    other = engine.generate(ask(prompt, size=DRAWN, seconds=2, seed=99), silent, never)
    seam, control = (np.abs(one.frames[0].astype(int) - parent.frames[-1]).mean() for one in (child, other))
    assert seam < control / 2


def test_an_extension_longer_than_in_training_is_refused(engine: DiffusersEngine) -> None:
    before = Before(np.zeros((24, 224, 128, 3), np.uint8), 12, SILENCE, 16_000)
    with pytest.raises(BeyondCapabilities, match="at most 8 s"):
        engine.generate(ask("it rests", over="a red ball", before=before, size=DRAWN, seconds=9), silent, never)
    noise = np.random.default_rng(1).integers(0, 255, (24, 224, 128, 3), np.uint8)
    strange = ask(
        "it rests", over="a red ball on wood", before=Before(noise, 12, SILENCE, 16_000), size=DRAWN, seconds=1
    )
    with pytest.raises(Unsupported, match="this clip"):
        engine.generate(strange, silent, never)


def test_each_line_is_a_scene_with_the_same_object(engine: DiffusersEngine) -> None:
    clip = engine.generate(
        ask("a blue cube falls on grass\n\nit rolls right", seed=3, size=DRAWN, seconds=4), silent, never
    )
    assert (len(clip.frames), len(clip.pcm)) == (48, 4 * clip.rate)
    assert clip.recipe["call"]["frames_of_scenes"] == [24, 24]
    assert clip.recipe["scene"]["words"] == "a blue cube falls and stops on grass; a blue cube rolls right on grass"
    first, second = (detect_object(part, clip.fps) for part in np.split(clip.frames, 2))
    assert {(one.colour, one.shape) for one in (first, second)} == {("blue", "cube")}
    assert (first.motion, second.motion) == ("fall", "roll_right")
    assert abs(second.x[0] - first.x[-1]) * DRAWN[1] < 16  # pixels: it starts where it stopped


def test_an_extension_may_change_the_motion_but_not_the_object(engine: DiffusersEngine) -> None:
    before = Before(np.zeros((24, 224, 128, 3), np.uint8), 12, SILENCE, 16_000)
    blue = ask("a blue one falls", over="a red ball rests on wood", before=before, size=DRAWN, seconds=2)
    with pytest.raises(Unsupported, match="blue") as refused:
        engine.generate(blue, silent, never)
    assert refused.value.nearest == ("a red ball falls and stops on wood",)


@pytest.mark.parametrize(("lines", "seconds"), [(5, 10), (3, 2)])
def test_more_scenes_than_fit_are_refused(engine: DiffusersEngine, lines: int, seconds: float) -> None:
    with pytest.raises(BeyondCapabilities, match=f"{lines} scenes"):
        engine.generate(ask("\n".join(["a red ball rests"] * lines), size=DRAWN, seconds=seconds), silent, never)


PATIENCE_SECONDS = 5.0
"""Seconds to wait for a second call on a busy machine."""


class Counted(DiffusersEngine):
    """Batches two clips and records the seeds of each batch."""

    def load(self) -> None:
        self.manifest = replace(self.manifest, profiles={"cpu": Profile(batch_size=2)}, max_attempts=1)
        self.batches: list[list[int]] = []
        self._batcher = DynamicBatcher(self._batch_size, self._draw_or_offload, window=PATIENCE_SECONDS)
        super().load()

    def _draw(self, draws: Sequence[Draw], stepped: StepCallback) -> list[Drawn]:
        self.batches.append([draw.seed for draw in draws])
        return super()._draw(draws, stepped)


def test_a_clip_has_equal_bits_alone_and_in_a_batch(reader: PromptParser) -> None:
    engine = Counted(load_parser=lambda: reader)
    engine.load()
    requests = [ask("a red ball bounces on wood", size=DRAWN, seconds=1, seed=seed) for seed in (1, 2)]

    def made(request: GenerationRequest) -> RawClip:
        return engine.generate(request, silent, never)

    assert engine.at_once(requests[0]) == 4
    alone = made(requests[1])
    with ThreadPoolExecutor(2) as pool:
        batched, other = pool.map(made, reversed(requests))
    assert [sorted(seeds) for seeds in engine.batches] == [[2, 2], [1, 2]]
    assert alone.recipe["raw"] == batched.recipe["raw"] != other.recipe["raw"]
    assert batched.recipe["device"]["batch_size"] == 2


def test_without_accelerator_memory_idle_parts_are_offloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    class Small:
        is_offloaded = False

        def enable_model_cpu_offload(self) -> None:
            self.is_offloaded = True

    engine, pipeline = DiffusersEngine(), Small()
    engine.device, engine._pipelines = "cuda", {"text": pipeline}

    def drawn(draws: Sequence[Draw], stepped: StepCallback) -> list[Drawn]:
        if not pipeline.is_offloaded:
            raise torch.OutOfMemoryError
        return []

    monkeypatch.setattr(engine, "_draw", drawn)
    draw = Draw(engine._call(ask("a ball"), None), 1)
    assert engine._draw_or_offload([draw], print) == []
    assert engine.is_offloaded
    pipeline.is_offloaded = False
    with pytest.raises(torch.OutOfMemoryError):
        engine._draw_or_offload([draw], print)


@pytest.mark.parametrize("profile", [{"batch_size": 0}, {"dtype": "float8"}, {"benches": 2}])
def test_an_invalid_profile_refuses_the_folder(tmp_path: Path, profile: dict[str, object]) -> None:
    manifest = json.loads((SMALL / NAME).read_text()) | {"profiles": {"cuda": profile}}
    (tmp_path / NAME).write_text(json.dumps(manifest))
    with pytest.raises(WeightsRefused, match="cannot be read"):
        WeightsManifest.read(tmp_path)
