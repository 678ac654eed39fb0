"""Identity fine-tuning: the batches, and what changes in the weights and what does not."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from generator.engines.diffusion.engine import SMALL
from generator.engines.diffusion.manifest import WeightsManifest
from generator.training import identity_finetune
from generator.training.export import teach
from generator.training.latents import NUMBERS, Basis
from generator.training.modules import CHANNELS
from generator.training.scenes import SEEN, Shot, scenes
from generator.training.trajectories import PORTRAIT

pytestmark = pytest.mark.models


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with dummy encoder axes, whose values do not matter here."""
    axes = {"axes": torch.zeros(NUMBERS, CHANNELS), "middle": torch.zeros(NUMBERS), "scales": torch.ones(CHANNELS)}
    torch.save(axes, tmp_path / "encoder_axes.pt")
    return tmp_path


def test_the_tokens_under_the_plaque_are_known_per_picture() -> None:
    with_badge, without = (scenes(1, 1, [SEEN[0]], Shot(frames=1, badged=one)).pictures() for one in (True, False))
    differs = (with_badge != without).any(2)[0, 0].float()
    covered = torch.nn.functional.max_pool2d(differs[None], 32).flatten()
    assert torch.equal(identity_finetune._covered(PORTRAIT, 3 * 28).float(), covered.repeat(3))


def test_least_squares_recovers_a_linear_encoder() -> None:
    dice = torch.Generator().manual_seed(1)
    blocks, axes = torch.randn(400, NUMBERS, generator=dice), torch.randn(NUMBERS, 8, generator=dice)
    latents = blocks @ axes + torch.arange(8)
    found = Basis(**identity_finetune._fitted(blocks, latents))
    again = found.of_means(blocks[:, None, None, None])[:, :, 0, 0, 0]
    assert torch.allclose(again, latents, atol=1e-2)


def test_the_curriculum_grows_from_pictures_to_whole_clips(folder: Path) -> None:
    teacher = identity_finetune.Teacher(SMALL, folder)
    begun, ended = ([teacher.shown(step) for step in range(first, first + 25)] for first in (0, 800))
    longest = [max(one["video"].shape[1] for one in shown if "video_weight" in one) for shown in (begun, ended)]
    assert longest[0] == 3 * 28, "five frames in two latents, and the portrait"
    assert longest[1] >= 13 * 28
    rehearsed = next(one for one in begun if "video_weight" not in one)
    losses = teacher.losses(rehearsed)
    assert losses["video"] < 1e-6, "before the first step the output is unchanged"


def test_a_step_changes_only_trained_parts_and_is_merged(folder: Path) -> None:
    weights = folder / "weights"
    shutil.copytree(SMALL, weights)
    run, drawing = identity_finetune.learn_likeness(folder, weights), identity_finetune.learn_plaques(folder, weights)
    begun = {name: p.detach().clone() for name, p in run.model.named_parameters()}
    run.step = next(step for step in range(20) if "video_weight" in run.show(step))  # a rehearsal would change nothing
    for one in (run, drawing):
        one.plan = replace(one.plan, steps=one.step + 1)
        one.go()
    changed = {name for name, p in run.model.named_parameters() if not torch.equal(p, begun[name])}
    assert changed == {name for name in begun if identity_finetune.TRAINED.search(name)}
    teach(folder, weights, "9")
    manifest, shipped = WeightsManifest.read(weights), WeightsManifest.read(SMALL)
    manifest.check()
    assert manifest.version == "9"
    assert not manifest.acceptance
    changed = {name for name in shipped.files if manifest.files[name] != shipped.files[name]}
    parts = ("transformer", "connectors", "vae")
    assert {f"{part}/diffusion_pytorch_model.safetensors" for part in parts} <= changed
    assert {name.partition("/")[0] for name in changed} == set(parts)
    assert manifest.training["steps"] == {**shipped.training["steps"], "likeness": run.step, "plaques": 1}
