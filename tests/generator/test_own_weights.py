"""An operator's own weights in the published layout of LTX-2, through the same engine."""

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


def test_a_clip_has_the_weights_size_length_and_sound(engine: DiffusersEngine) -> None:
    clip = made(engine, small(RED))
    assert clip.frames.shape == (12, 96, 64, 3)
    assert clip.fps == 24
    assert (clip.pcm.shape, clip.rate) == ((12_000, 2), 24_000)
    assert np.abs(clip.pcm[:, 0] - clip.pcm[:, 1]).max() > 0, "stereo"
    assert clip.recipe["engine"]["name"] == "tiny"


def test_equal_requests_give_equal_bits_and_others_do_not(engine: DiffusersEngine) -> None:
    clip = made(engine, small(RED))
    assert not differ(clip, made(engine, small(RED)))
    assert differ(clip, made(engine, small(RED, seed=8)))
    assert differ(clip, made(engine, small(BLUE)))


@pytest.mark.parametrize("more", [{"style": "cartoon"}, {"over": BLUE}], ids=["style", "remix"])
def test_style_and_parent_prompt_reach_the_weights(engine: DiffusersEngine, more: dict[str, object]) -> None:
    assert differ(made(engine, small(RED)), made(engine, small(RED, **more)))


def test_a_clip_starts_from_a_picture(engine: DiffusersEngine) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (64, 96), (200, 40, 40)).save(drawn, "PNG")
    assert differ(made(engine, small(RED)), made(engine, small(RED, image=drawn.getvalue())))


def test_an_extension_is_as_long_as_requested(engine: DiffusersEngine) -> None:
    clip = made(engine, small(RED))
    on = made(engine, small(RED, before=Before(clip.frames, clip.fps, clip.pcm, clip.rate)))
    assert on.frames.shape == clip.frames.shape
    assert on.pcm.shape == clip.pcm.shape
    assert differ(clip, on)


def test_weights_without_badges_refuse_a_likeness(engine: DiffusersEngine) -> None:
    with pytest.raises(BeyondCapabilities, match="badge"):
        made(engine, small(RED, badges=("ana",)))


def test_the_licence_excludes_its_territories(engine: DiffusersEngine) -> None:
    assert registry.territories()[engine.manifest.engine] == ("KR",)
