"""Scores of clips with known truth: true clips meet every goal, and spoiled ones miss theirs."""

from collections.abc import Sequence
from functools import cache

import pytest

from generator.engines.diffusion.grammar import HELD_OUT, ParsedPrompt
from generator.evaluation.mel import RATE
from generator.evaluation.questions import questions
from generator.evaluation.scoring import GOALS, ScoredClip, score_clip, table
from generator.evaluation.vision import Frames, Numbers
from generator.training.scenes import scenes
from generator.training.trajectories import FPS

COUNT = 32


@cache
def true() -> tuple[list[tuple[ParsedPrompt, int]], Frames, Numbers]:
    """Prompts with seeds, pictures [B, T, H, W, 3] and sounds [B, samples]."""
    asked = questions(COUNT)
    made = scenes(COUNT, 5, [one for one, _ in asked])
    pictures = ((made.pictures().permute(0, 1, 3, 4, 2) + 1) * 127.5).round().byte().numpy()
    return asked, pictures, made.sounds().numpy()


def judged(*, backwards: bool = False, shifted: int = 0, words: int = 0) -> list[ScoredClip]:
    """Scores of all clips; optionally backwards, with another's sound, or against another's prompt."""
    asked, pictures, sounds = true()
    clips = pictures[:, ::-1] if backwards else pictures
    return [
        score_clip(asked[(n + words) % COUNT][0], asked[n][1], clips[n], FPS, sounds[(n + shifted) % COUNT], RATE)
        for n in range(COUNT)
    ]


def missed(clips: Sequence[ScoredClip]) -> set[str]:
    return {goal.name for goal, value in table(clips) if not goal.is_met(value)}


def test_true_clips_meet_every_goal() -> None:
    assert missed(judged()) == set()


@pytest.mark.parametrize(
    ("spoiled", "goals"),
    [
        ({"words": 1}, {"colour right", "shape right", "motion right", "all three, seen", "all three, held out"}),
        ({"backwards": True}, {"no bounce higher than the one before"}),
        (
            {"shifted": 1},
            {"impact heard against seen, p50 (s)", "onsets that were impacts", "silent when nothing hits"},
        ),
    ],
)
def test_spoiled_clips_miss_their_goals(spoiled: dict[str, int], goals: set[str]) -> None:
    """Controls: a goal that these meet too would be worthless."""
    assert goals <= missed(judged(**spoiled))  # type: ignore[arg-type]


def test_a_second_object_is_detected() -> None:
    asked, pictures, sounds = true()
    crowded = pictures[1].copy()
    crowded[:, 90:110, 2:10] = (240, 20, 20)
    clip = score_clip(asked[1][0], 1, crowded, FPS, sounds[1], RATE)
    assert (clip.alone, judged()[1].alone) == (0.0, 1.0)


def test_what_cannot_be_measured_is_not_met() -> None:
    assert all(not goal.is_met(None) for goal in GOALS)
    assert {goal.name for goal, _ in table([])} == missed([])


def test_the_questions_are_fixed_and_a_quarter_is_held_out() -> None:
    asked = questions(500)
    assert asked == questions(500)
    assert asked[:40] == questions(40)
    held_out = [one for one, _ in asked if (one.colour, one.shape, one.motion) in HELD_OUT]
    assert len(held_out) == 125
    assert len({seed for _, seed in asked}) == 500
