"""Best-of-n selection. The attempts are training scenes, which show what their prompts say."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from generator.badge import pattern
from generator.engines.diffusion.best_of import Drawn, best_attempt, seed_of, unmet_traits
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
    """The number of the selected attempt, and the unmet traits of each."""
    made = [silent(shown(one)) for one in draws]
    choice = best_attempt(lambda number, _seed: made[number], 7, misses, at_most)
    return made.index(choice.drawn), choice.unmet


def misses(drawn: Drawn) -> tuple[str, ...]:
    return unmet_traits(ASKED, drawn, FPS)


def silent(frames: Frames) -> Drawn:
    return Drawn(frames, np.zeros((64_000, 1), np.float32), 16_000)


def test_a_first_attempt_without_unmet_traits_is_the_only_one() -> None:
    assert given(ASKED) == (0, ((),))


def test_an_attempt_with_unmet_traits_is_drawn_again() -> None:
    assert given(WRONG, ASKED) == (1, (("shape",), ()))


def test_the_first_attempt_with_the_fewest_unmet_traits_wins() -> None:
    assert given(WORSE, WRONG, WRONG) == (1, (("colour", "shape", "motion"), ("shape",), ("shape",)))


def test_max_attempts_limits_the_draws() -> None:
    assert given(WRONG, ASKED, at_most=1) == (0, (("shape",),))


def test_a_second_object_is_an_unmet_trait() -> None:
    assert "alone" in unmet_traits(ASKED, silent(shown(ASKED, ASKED)), FPS)
    assert "alone" not in unmet_traits(ASKED, silent(shown(ASKED)), FPS)


def test_a_wrong_or_missing_badge_is_an_unmet_trait() -> None:
    ana, ben = (pattern(person) for person in ("ana", "ben"))
    printed = scenes(1, 3, [ASKED], Shot(badged=True))
    with_ana = replace(printed, looks=replace(printed.looks, badges=torch.from_numpy(ana)[None].float()))
    assert "likeness" not in unmet_traits(ASKED, silent(pictures(with_ana)), FPS, ana)
    assert "likeness" in unmet_traits(ASKED, silent(pictures(with_ana)), FPS, ben)
    assert "likeness" in unmet_traits(ASKED, silent(shown(ASKED)), FPS, ana)


def test_a_bounce_higher_than_the_previous_is_an_unmet_trait() -> None:
    assert "bounces_fall" in unmet_traits(ASKED, silent(shown(ASKED)[::-1]), FPS)


@pytest.mark.parametrize(("seconds", "expected"), [(1, ()), (4, ("motion",))])
def test_the_motion_of_a_short_clip_is_not_checked(seconds: int, expected: tuple[str, ...]) -> None:
    assert (
        unmet_traits(ParsedPrompt("red", "ball", "roll_left", "wood"), silent(shown(ASKED)[: seconds * FPS]), FPS)
        == expected
    )


def test_without_a_check_one_attempt_is_made() -> None:
    drawn = silent(shown(WORSE))
    assert best_attempt(lambda _number, _seed: drawn, 7, None, 3).unmet == ()


def test_later_seeds_are_derived_from_the_requested_one() -> None:
    seeds: list[int] = []

    def draw(_number: int, seed: int) -> Drawn:
        seeds.append(seed)
        return silent(shown(WRONG))

    best_attempt(draw, 7, misses, 3)
    assert seeds == [7, seed_of(7, 1), seed_of(7, 2)]
    assert len(set(seeds)) == 3
