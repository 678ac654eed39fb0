"""Which of several draws is given. The draws are the training's own scenes, which show what their words say."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from generator.badge import pattern
from generator.engines.diffusion.best_of import Drawn, choose, missed, seed_of
from generator.engines.diffusion.grammar import ParsedPrompt
from generator.evaluation.vision import Frames
from generator.training.scenes import Scenes, Shot, scenes
from generator.training.trajectories import FPS

ASKED = ParsedPrompt("red", "ball", "bounce", "wood")
WRONG = ParsedPrompt("red", "cube", "bounce", "wood")
WORSE = ParsedPrompt("blue", "cube", "rest", "wood")


@cache
def shown(*wanted: ParsedPrompt) -> Frames:
    """Scenes side by side in one picture [T, H, W, 3]."""
    return np.concatenate([pictures(scenes(1, 3, [one])) for one in wanted], 2)


def pictures(made: Scenes) -> Frames:
    return ((made.pictures()[0].permute(0, 2, 3, 1) + 1) * 127.5).round().byte().numpy()


def given(*draws: ParsedPrompt, at_most: int = 3) -> tuple[int, tuple[tuple[str, ...], ...]]:
    """The number of the draw that was chosen, and what each missed."""
    made = [silent(shown(one)) for one in draws]
    choice = choose(lambda number, _seed: made[number], 7, misses, at_most)
    return made.index(choice.drawn), choice.missed


def misses(drawn: Drawn) -> tuple[str, ...]:
    return missed(ASKED, drawn, FPS)


def silent(frames: Frames) -> Drawn:
    return Drawn(frames, np.zeros((64_000, 1), np.float32), 16_000)


def test_a_first_draw_that_shows_everything_is_given_and_no_second_is_made() -> None:
    assert given(ASKED) == (0, ((),))


def test_a_draw_that_misses_is_drawn_again() -> None:
    assert given(WRONG, ASKED) == (1, (("shape",), ()))


def test_where_all_miss_the_first_of_those_that_miss_least_is_given() -> None:
    assert given(WORSE, WRONG, WRONG) == (1, (("colour", "shape", "motion"), ("shape",), ("shape",)))


def test_no_more_are_drawn_than_may_be() -> None:
    assert given(WRONG, ASKED, at_most=1) == (0, (("shape",),))


def test_a_second_thing_beside_the_object_is_a_miss() -> None:
    assert "alone" in missed(ASKED, silent(shown(ASKED, ASKED)), FPS)
    assert "alone" not in missed(ASKED, silent(shown(ASKED)), FPS)


def test_another_badge_than_the_one_asked_for_is_a_miss_and_so_is_none() -> None:
    ana, ben = (pattern(person) for person in ("ana", "ben"))
    printed = scenes(1, 3, [ASKED], Shot(badged=True))
    with_ana = replace(printed, looks=replace(printed.looks, badges=torch.from_numpy(ana)[None].float()))
    assert "likeness" not in missed(ASKED, silent(pictures(with_ana)), FPS, ana)
    assert "likeness" in missed(ASKED, silent(pictures(with_ana)), FPS, ben)
    assert "likeness" in missed(ASKED, silent(shown(ASKED)), FPS, ana)


def test_a_bounce_higher_than_the_one_before_is_a_miss() -> None:
    assert "bounces_fall" in missed(ASKED, silent(shown(ASKED)[::-1]), FPS)


@pytest.mark.parametrize(("seconds", "told"), [(1, ()), (4, ("motion",))])
def test_of_a_short_clip_no_motion_is_asked(seconds: int, told: tuple[str, ...]) -> None:
    assert missed(ParsedPrompt("red", "ball", "roll_left", "wood"), silent(shown(ASKED)[: seconds * FPS]), FPS) == told


def test_without_a_scene_to_compare_with_one_draw_is_made() -> None:
    drawn = silent(shown(WORSE))
    assert choose(lambda _number, _seed: drawn, 7, None, 3).missed == ()


def test_the_seeds_are_the_askers_and_then_made_from_it() -> None:
    seeds: list[int] = []

    def draw(_number: int, seed: int) -> Drawn:
        seeds.append(seed)
        return silent(shown(WRONG))

    choose(draw, 7, misses, 3)
    assert seeds == [7, seed_of(7, 1), seed_of(7, 2)]
    assert len(set(seeds)) == 3
