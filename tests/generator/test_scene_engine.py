import json

import numpy as np
import pytest

from generator.engines.scene.engine import SceneEngine
from generator.ports import BeyondCapabilities, Cancelled, RawClip
from generator.registry import UnknownEngine, engine_named
from tests.generator.questions import ask, made, never, silent

PROMPT = "a red ball and a star bouncing on sand at night"


def hashes(clip: RawClip) -> tuple[str, str]:
    return clip.recipe["raw"]["frames_sha256"], clip.recipe["raw"]["pcm_sha256"]


def test_equal_requests_give_equal_clips_and_other_seeds_do_not() -> None:
    first, again, other = (
        SceneEngine().generate(ask(PROMPT, seconds=1, seed=seed), silent, never) for seed in (5, 5, 6)
    )
    assert np.array_equal(first.frames, again.frames)
    assert np.array_equal(first.pcm, again.pcm)
    assert hashes(first) == hashes(again) != hashes(other)


@pytest.mark.parametrize("motion", SceneEngine().capabilities().vocabulary["motions"])
@pytest.mark.parametrize("things", ["a ball", "a large cube and a large ring"])
def test_every_motion_is_drawn_inside_the_frame(things: str, motion: str) -> None:
    clip = made(ask(f"{things} {motion} on stone", seconds=1, size=(160, 288)))
    assert clip.frames.shape == (24, 288, 160, 3)
    assert clip.pcm.shape == (48_000, 2)
    assert np.isfinite(clip.pcm).all()
    assert 0 < np.abs(clip.pcm).max() < 1


def test_a_recipe_is_plain_json_without_prompt_or_person() -> None:
    written = json.dumps(made(ask(PROMPT, badges=("ana",), seconds=0.2)).recipe, allow_nan=False)
    assert PROMPT not in written
    assert '"ana"' not in written


@pytest.mark.promise("P3")
def test_a_reason_to_cancel_stops_before_the_next_frame() -> None:
    drawn: list[float] = []
    with pytest.raises(Cancelled) as stopped:
        SceneEngine().generate(
            ask(PROMPT), lambda phase, done: drawn.append(done), lambda: "revoked" if len(drawn) > 5 else None
        )
    assert (stopped.value.reason, stopped.value.frame) == ("revoked", 5)


def test_progress_only_grows() -> None:
    reported: list[float] = []
    SceneEngine().generate(ask(PROMPT, seconds=0.5), lambda phase, done: reported.append(done), never)
    assert reported == sorted(reported)
    assert reported[-1] == 1.0


@pytest.mark.parametrize("wrong", [{"size": (361, 640)}, {"size": (64, 64)}, {"seconds": 10.5}, {"style": "baroque"}])
def test_unsupported_requests_are_refused_before_anything_is_drawn(wrong: dict[str, object]) -> None:
    with pytest.raises(BeyondCapabilities):
        SceneEngine().generate(ask(PROMPT, **wrong), silent, never)  # type: ignore[arg-type]


def test_an_engine_found_by_name_has_its_label() -> None:
    capabilities = engine_named("scene").capabilities()
    assert capabilities.is_renderer
    assert capabilities.label == "scene renderer: draws simple shapes by physics; not a trained model"


def test_an_unknown_engine_error_lists_the_known_ones() -> None:
    with pytest.raises(UnknownEngine, match=r"'sora'.*scene"):
        engine_named("sora")
