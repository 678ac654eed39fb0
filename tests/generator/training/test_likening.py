"""How finished weights are taught to show a badge: what is shown, what is changed, and what is not."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from generator.engines.diffusion.engine import SMALL
from generator.engines.diffusion.manifest import Manifest
from generator.training import likening
from generator.training.assembling import teach
from generator.training.codes import NUMBERS, Basis
from generator.training.parts import CHANNELS
from generator.training.scenes import Shot, scenes

pytestmark = pytest.mark.models


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where what the encoder finds is noted already: nobody here asks whether it is right."""
    axes = {"axes": torch.zeros(NUMBERS, CHANNELS), "middle": torch.zeros(NUMBERS), "scales": torch.ones(CHANNELS)}
    torch.save(axes, tmp_path / "encoder_axes.pt")
    return tmp_path


def test_every_badge_has_its_number() -> None:
    badges = likening._every_badge()
    assert len(torch.unique(badges.flatten(1), dim=0)) == 64
    assert torch.equal(likening._numbers(badges), torch.arange(64))
    assert torch.equal(badges, badges.flip(2)), "left as right"


def test_objects_lie_at_the_border_of_two_latents_then_further_and_further_off() -> None:
    made = scenes(50, 1, list(likening.STILL), Shot(badged=True))
    aligned, anywhere = (likening._placed(made, wide).track.x[:, 0] for wide in (0.0, 1.0))
    off = (anywhere + 16) % 32 - 16
    assert set(aligned.tolist()) <= {32.0, 64.0, 96.0}
    assert off.abs().max() > 10


def test_tokens_that_hold_an_object_are_few_and_move_with_it() -> None:
    made = scenes(4, 1, [one for one in likening.ROOMY if one.motion == "roll_right"][:4], Shot(frames=17, badged=True))
    held = likening._holds_object(made).view(4, 5, 7, 4)
    assert 0 < held.mean() < 0.4
    assert held[:, 0, :, 0].sum() > held[:, -1, :, 0].sum()


def test_what_is_as_good_as_linear_is_found_by_least_squares() -> None:
    dice = torch.Generator().manual_seed(1)
    blocks, axes = torch.randn(400, NUMBERS, generator=dice), torch.randn(NUMBERS, 8, generator=dice)
    latents = blocks @ axes + torch.arange(8)
    found = Basis(**likening._fitted(blocks, latents))
    again = found.of_means(blocks[:, None, None, None])[:, :, 0, 0, 0]
    assert torch.allclose(again, latents, atol=1e-2)


def test_the_curriculum_begins_with_one_place_and_ends_with_whole_clips(folder: Path) -> None:
    teacher = likening.Teacher(SMALL, folder)
    many = {
        step: teacher.shown(step)["video"].shape[1] for step in (0, 1, likening.LIKENESS.steps - 4)
    }  # none of them rehearsals
    assert many == {0: 56, 1: 56, likening.LIKENESS.steps - 4: 392}
    rehearsed = next(shown for step in range(40) if "video_wanted" in (shown := teacher.shown(step)))
    said = teacher.losses(rehearsed)
    assert said["video"] < 1e-6, "before the first step it says what it said"


def test_a_step_changes_what_is_taught_and_nothing_else_and_goes_into_the_weights(folder: Path) -> None:
    weights = folder / "weights"
    shutil.copytree(SMALL, weights)
    run = likening.learn_likeness(folder, weights)
    begun = {name: p.detach().clone() for name, p in run.model.named_parameters()}
    run.plan = replace(run.plan, steps=1)
    run.go()
    changed = {name for name, p in run.model.named_parameters() if not torch.equal(p, begun[name])}
    assert changed == {name for name in begun if likening.TAUGHT.search(name)}
    teach(folder, weights, "9")
    manifest, shipped = Manifest.read(weights), Manifest.read(SMALL)
    manifest.check()
    assert manifest.version == "9"
    assert not manifest.acceptance
    changed = {name for name in shipped.files if manifest.files[name] != shipped.files[name]}
    assert "transformer/diffusion_pytorch_model.safetensors" in changed
    assert {name.partition("/")[0] for name in changed} == {"transformer"}
    assert manifest.training["steps"] == {**shipped.training["steps"], "likeness": 1}
