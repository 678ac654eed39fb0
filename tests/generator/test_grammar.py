from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.engines.scene.scene import Scene, scene_of
from generator.engines.scene.words import LEXICON
from generator.ports import Unsupported
from tests.generator.questions import ask

PHRASINGS = [
    ("a red ball bouncing on grass", "red ball", "bounce", "grass"),
    ("A crimson sphere jumps across the lawn!", "red ball", "bounce", "grass"),
    ("clip of a blue box, rolling to the left on sand", "blue cube", "roll_left", "sand"),
    ("two red balls", "red ball, red ball", "bounce", "wood"),
    ("a red ball and a blue cube collide", "red ball, blue cube", "collide", "wood"),
    ("an emerald donut spinning around in the street", "green ring", "orbit", "stone"),
    ("a ball that is purple falls and stops", "purple ball", "fall", "wood"),
    ("a star falls and then bounces on a beach", "yellow star", "bounce", "sand"),
    ("a pair of white cones resting on a wooden table", "white cone, white cone", "rest", "wood"),
    ("tangerine barrel floats up at night", "orange cylinder", "rise", "wood"),
    ("green grass and a black hoop that rolls", "black ring", "roll_right", "grass"),
    ("a 4 second clip of a ball", "red ball", "bounce", "wood"),
    ("a ball crashes", "red ball", "bounce", "wood"),
]


def looks(scene: Scene) -> str:
    return ", ".join(f"{thing.colour} {thing.shape}" for thing in scene.things)


@pytest.mark.parametrize(("prompt", "things", "motion", "floor"), PHRASINGS)
def test_a_prompt_is_parsed_as_people_mean_it(prompt: str, things: str, motion: str, floor: str) -> None:
    scene = scene_of(ask(prompt))
    assert (looks(scene), scene.motion, scene.floor) == (things, motion, floor)


@pytest.mark.parametrize(
    ("prompt", "material"),
    [("a wooden ball", "wood"), ("a ball made of steel", "metal"), ("a rubber cube on a wooden floor", "rubber")],
)
def test_a_material_belongs_to_the_object_not_the_floor(prompt: str, material: str) -> None:
    assert scene_of(ask(prompt)).things[0].material == material


def test_unknown_words_are_listed_if_the_prompt_names_an_object() -> None:
    assert scene_of(ask("Ana juggles a red ball")).unread == ("ana", "juggles")


@pytest.mark.parametrize("prompt", ["Ana waves hello", "a red dragon", "", "...", "ein roter Drache", "龍が踊る"])
def test_a_prompt_without_a_known_object_is_unsupported(prompt: str) -> None:
    with pytest.raises(Unsupported):
        scene_of(ask(prompt))


def test_an_unsupported_prompt_comes_with_supported_suggestions() -> None:
    with pytest.raises(Unsupported) as outside:
        scene_of(ask("a green dragon rolling on sand"))
    assert outside.value.unknown == ("dragon",)
    assert outside.value.nearest[0] == "a green ball rolling right on sand"
    assert all(not scene_of(ask(prompt)).unread for prompt in outside.value.nearest)


def test_objects_beyond_two_are_listed_as_left_out() -> None:
    scene = scene_of(ask("three blue stars"))
    assert (looks(scene), len(scene.left_out)) == ("blue star, blue star", 1)


@given(st.lists(st.sampled_from(sorted(LEXICON)) | st.text(max_size=8), max_size=12).map(" ".join))
@settings(max_examples=150, deadline=None)
def test_any_text_is_either_a_scene_or_unsupported(prompt: str) -> None:
    with suppress(Unsupported):
        scene = scene_of(ask(prompt))
        assert scene_of(ask(str(scene))) == replace(scene, unread=(), left_out=())


@pytest.mark.parametrize("prompt", [prompt for prompt, *_ in PHRASINGS])
def test_a_scene_in_words_parses_to_the_same_scene(prompt: str) -> None:
    scene = scene_of(ask(prompt))
    assert scene_of(ask(str(scene))) == scene
