import pytest

from generator.engines.scene.scene import scene_of
from generator.ports import Unsupported
from tests.generator.questions import ask
from tests.generator.test_grammar import looks

PARENT = "a red ball bouncing on grass"


@pytest.mark.parametrize(
    ("edit", "things", "motion", "floor"),
    [
        ("make it blue", "blue ball", "bounce", "grass"),
        ("now two cubes", "red cube, red cube", "bounce", "grass"),
        ("same but on sand", "red ball", "bounce", "sand"),
        ("let it roll left", "red ball", "roll_left", "grass"),
        ("add a green cone", "red ball, green cone", "bounce", "grass"),
        ("turn the ball into a star", "red star", "bounce", "grass"),
        ("two balls", "red ball, red ball", "bounce", "grass"),
        ("with Ana in it", "red ball", "bounce", "grass"),
    ],
)
def test_a_remix_overrides_what_it_names_and_keeps_the_rest(edit: str, things: str, motion: str, floor: str) -> None:
    scene = scene_of(ask(edit, over=PARENT))
    assert (looks(scene), scene.motion, scene.floor) == (things, motion, floor)


def test_a_remix_changes_only_the_object_that_it_names() -> None:
    assert looks(scene_of(ask("make the cube green", over="a red ball and a blue cube"))) == "red ball, green cube"


def test_a_remix_of_a_remix_applies_the_oldest_line_first() -> None:
    scene = scene_of(ask("on stone", over=f"{PARENT}\nmake it blue\nnow it rolls"))
    assert (looks(scene), scene.motion, scene.floor) == ("blue ball", "roll_right", "stone")


def test_an_edit_of_no_object_is_unsupported() -> None:
    with pytest.raises(Unsupported):
        scene_of(ask("make it blue", over="Ana waves"))
