"""The detectors behind the scores, on clips with known truth: no score may rely on what they cannot detect."""

from collections import Counter
from functools import cache

import numpy as np
import pytest
import torch

from generator.engines.diffusion.grammar import HELD_OUT, MOTIONS, SHAPES, all_prompts
from generator.evaluation.mel import RATE
from generator.evaluation.vision import DetectedObject, Frames, Numbers, detect_object
from generator.training.scenes import Scenes, scenes
from generator.training.trajectories import FPS, FRAMES
from placet.media.audio_metrics import loudest, onsets


@cache
def shown(seed: int = 3, count: int = 40) -> tuple[Scenes, list[Frames], list[DetectedObject]]:
    made = scenes(count, seed)
    pictures = ((made.pictures().permute(0, 1, 3, 4, 2) + 1) * 127.5).round().to(torch.uint8).numpy()
    return made, list(pictures), [detect_object(frames, FPS) for frames in pictures]


def in_time(impacts: Numbers) -> Numbers:
    """Without the last frames, in which no turn can be detected."""
    return impacts[impacts < (FRAMES - 3) / FPS]


@pytest.mark.parametrize("what", ["colour", "shape", "motion"])
def test_the_shown_object_is_detected(what: str) -> None:
    made, _, seen = shown()
    assert [getattr(one, what) for one in seen] == [getattr(one, what) for one in made.prompts]


def test_impacts_are_detected_at_their_times() -> None:
    made, _, seen = shown()
    sounds = made.sounds().numpy()
    late = []
    for index, one in enumerate(seen):
        truth = in_time(made.track.impacts[index][made.track.speeds[index] > 0].numpy())
        seen_then, heard = in_time(one.impacts), in_time(onsets(sounds[index], RATE))
        assert len(seen_then) == len(heard) == len(truth)
        late += [*np.abs(seen_then - heard)]
    assert len(late) > 30
    assert float(np.median(late)) < 0.01
    assert float(np.percentile(late, 95)) < 0.03


def test_a_clip_without_impacts_is_silent() -> None:
    made, _, _ = shown()
    still = [i for i, one in enumerate(made.prompts) if one.motion in {"rest", "roll_left", "roll_right"}]
    assert still
    assert max(loudest(made.sounds()[i].numpy(), RATE) for i in still) < -100


def test_a_temporarily_missing_object_lowers_permanence() -> None:
    """Control of the permanence score."""
    _, pictures, seen = shown()
    assert min(one.permanence for one in seen) == 1
    empty = pictures[0].copy()
    empty[10:20] = empty[0, :1, :1]
    assert detect_object(empty, FPS).permanence < 0.85


def test_nothing_is_detected_in_noise() -> None:
    noise = np.random.default_rng(1).integers(100, 140, (20, 160, 96, 3), dtype=np.uint8)
    seen = detect_object(noise, FPS)
    assert (seen.colour, seen.shape, seen.motion, seen.permanence) == (None, None, None, 0.0)


def test_held_out_triples_are_never_drawn_by_chance() -> None:
    drawn = {(one.colour, one.shape, one.motion) for one in scenes(2_000, 1).prompts}
    assert not drawn & HELD_OUT
    assert len(HELD_OUT) == 12
    assert Counter(shape for _, shape, _ in HELD_OUT) == dict.fromkeys(SHAPES, 3)
    assert set(MOTIONS) == {motion for _, _, motion in HELD_OUT}
    assert len(list(all_prompts())) == 240


def test_the_same_seed_draws_the_same_clips() -> None:
    one, again, other = scenes(3, 5), scenes(3, 5), scenes(3, 6)
    assert torch.equal(one.pictures(), again.pictures())
    assert torch.equal(one.sounds(), again.sounds())
    assert one.captions == again.captions
    assert not torch.equal(one.pictures(), other.pictures())


def test_detection_works_at_any_size() -> None:
    _, pictures, seen = shown()
    for index in range(2):
        large = pictures[index].repeat(3, 1).repeat(3, 2)
        found = detect_object(large, FPS)
        assert (found.colour, found.shape, found.motion) == (seen[index].colour, seen[index].shape, seen[index].motion)
