"""Weights of an operator's own, in the layout in which LTX-2 is published: the same engine, whatever they are."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from generator import registry
from generator.engines.diffusion.engine import DiffusersEngine
from generator.ports import Before, BeyondCapabilities, GenerationRequest, RawClip
from tests.generator import tiny_ltx2
from tests.generator.questions import ask, never, silent

pytestmark = pytest.mark.models
RED, BLUE = "a red ball on the grass", "a blue ball on the lake at night"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DiffusersEngine]:
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    tiny_ltx2.make(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLACET_MODEL_DIRS", str(folder))
        found = registry.engine_named("tiny")
        assert isinstance(found, DiffusersEngine)
        found.load()
        yield found


def small(prompt: str, **more: object) -> GenerationRequest:
    return ask(prompt, **{"size": (64, 96), "seconds": 0.5, **more})  # type: ignore[arg-type]


def made(engine: DiffusersEngine, request: GenerationRequest) -> RawClip:
    return engine.generate(request, silent, never)


def differ(one: RawClip, other: RawClip) -> bool:
    return not np.array_equal(one.frames, other.frames)


def test_a_clip_has_the_size_the_length_and_the_sound_that_the_weights_give(engine: DiffusersEngine) -> None:
    clip = made(engine, small(RED))
    assert clip.frames.shape == (12, 96, 64, 3)
    assert clip.fps == 24
    assert (clip.pcm.shape, clip.rate) == ((12_000, 2), 24_000)
    assert np.abs(clip.pcm[:, 0] - clip.pcm[:, 1]).max() > 0, "stereo"
    assert clip.recipe["engine"]["name"] == "tiny"


def test_the_same_request_gives_the_same_bits_and_another_seed_or_wording_others(engine: DiffusersEngine) -> None:
    clip = made(engine, small(RED))
    assert not differ(clip, made(engine, small(RED)))
    assert differ(clip, made(engine, small(RED, seed=8)))
    assert differ(clip, made(engine, small(BLUE)))


@pytest.mark.parametrize("more", [{"style": "cartoon"}, {"over": BLUE}], ids=["style", "remix"])
def test_nothing_that_was_asked_is_passed_over(engine: DiffusersEngine, more: dict[str, object]) -> None:
    assert differ(made(engine, small(RED)), made(engine, small(RED, **more)))


def test_a_picture_is_gone_on_from(engine: DiffusersEngine) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (64, 96), (200, 40, 40)).save(drawn, "PNG")
    assert differ(made(engine, small(RED)), made(engine, small(RED, image=drawn.getvalue())))


def test_a_clip_goes_on_for_as_long_as_asked(engine: DiffusersEngine) -> None:
    clip = made(engine, small(RED))
    on = made(engine, small(RED, before=Before(clip.frames, clip.fps, clip.pcm, clip.rate)))
    assert on.frames.shape == clip.frames.shape
    assert on.pcm.shape == clip.pcm.shape
    assert differ(clip, on)


def test_nobody_is_shown_by_weights_that_never_saw_a_badge(engine: DiffusersEngine) -> None:
    with pytest.raises(BeyondCapabilities, match="badge"):
        made(engine, small(RED, badges=("ana",)))


def test_its_licence_is_heeded_by_territory(engine: DiffusersEngine) -> None:
    assert registry.territories()[engine.manifest.engine] == ("KR",)
