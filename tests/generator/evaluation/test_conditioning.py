"""The checks of each kind of conditioning, on scenes with known truth."""

from dataclasses import replace

import numpy as np
import torch

from generator.engines.diffusion.grammar import STYLES, ParsedPrompt
from generator.evaluation.conditioning import likeness, psnr, seam, style_of, without_ink
from generator.evaluation.vision import INKED, Frames, detect_object
from generator.training.scenes import SEEN, Shot, scenes
from generator.training.trajectories import FPS


def pictures(asked: list[ParsedPrompt], **shot: bool) -> tuple[Frames, torch.Tensor | None]:
    made = scenes(len(asked), 5, asked, Shot(**shot))  # type: ignore[arg-type]
    drawn = (made.pictures().permute(0, 1, 3, 4, 2) + 1) * 127.5
    return drawn.round().to(torch.uint8).numpy(), made.looks.badges


def test_each_style_is_recognised() -> None:
    asked = [replace(one, style=STYLES[n % len(STYLES)]) for n, one in enumerate(SEEN[::5])]
    frames, _ = pictures(asked, styled=True)
    assert [style_of(clip) for clip in frames] == [one.style for one in asked]


def test_a_badge_matches_itself_and_no_other() -> None:
    frames, badges = pictures(list(SEEN[::7]), badged=True)
    assert badges is not None
    cells = badges.numpy() > 0
    like = [likeness(one, clip) for one, clip in zip(cells, frames, strict=True)]
    others = [likeness(one, clip) for one, clip in zip(np.roll(cells, 1, 0), frames, strict=True)]
    assert min(like) > 0.9
    assert abs(float(np.mean(others))) < 0.2
    assert likeness(cells[0], np.full((3, 224, 128, 3), 200, np.uint8)) == 0
    large = frames[0].repeat(3, 1).repeat(3, 2)
    assert abs(likeness(cells[0], large) - like[0]) < 0.02


def test_a_blank_plaque_hides_tinted_ink_from_detection() -> None:
    asked = list(SEEN[::7])
    frames, _ = pictures(asked, badged=True)
    tinted = frames.copy()
    on_the_wall = tinted[:, :, :96]
    on_the_wall[on_the_wall.max(-1) < INKED] += np.array([0, 0, 70], np.uint8)
    assert [_seen(clip) for clip in tinted] != [(one.colour, one.shape) for one in asked]
    for clips in (frames, tinted):
        assert [_seen(without_ink(clip)) for clip in clips] == [(one.colour, one.shape) for one in asked]


def _seen(clip: Frames) -> tuple[str | None, str | None]:
    seen = detect_object(clip, FPS)
    return seen.colour, seen.shape


def test_only_different_clips_have_a_seam() -> None:
    frames, _ = pictures([one for one in SEEN if one.motion == "bounce"][:8])
    whole = [seam(clip[:20], clip[20:], FPS) for clip in frames]
    apart = [seam(one[:20], other[20:], FPS) for one, other in zip(frames, np.roll(frames, 1, 0), strict=True)]
    assert max(leap for leap in whole if leap is not None) <= 2
    assert float(np.median([leap for leap in apart if leap is not None])) > 2


def test_psnr_separates_a_noisy_copy_from_another_picture() -> None:
    frames, _ = pictures(list(SEEN[:2]))
    noisy = (frames[0, 0] + np.random.default_rng(1).normal(0, 4, frames[0, 0].shape)).clip(0, 255).astype(np.uint8)
    assert psnr(frames[0, 0], noisy) > 28 > psnr(frames[0, 0], frames[1, 0])
