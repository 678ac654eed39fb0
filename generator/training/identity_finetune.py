"""Identity fine-tuning: finished weights learn to hang the given badge on the wall.

Rehearsal keeps what they learned before: without a badge, the target is their previous output. The decoder learns to
draw such plaques in its own stage.
"""

import random
import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch
from diffusers import LTX2Pipeline
from torch import Tensor
from torch.nn import functional

from generator.engines.diffusion.badge import COLUMNS, ROWS
from generator.training.flow_matching import MAX_FRAMES, Flow, Lesson, Sound, batch, errors, mixed, noisy, velocities
from generator.training.latents import Basis, means
from generator.training.loop import Plan, TrainingBatch, TrainingRun, cached
from generator.training.render import portraits
from generator.training.scenes import Shot, badges, scenes
from generator.training.trajectories import LANDSCAPE, PORTRAIT, Stage
from generator.training.video_vae import drawing, to_draw, window

LIKENESS: Final = Plan("likeness", steps=900, muon=0.0, adam=5e-4, by_adam=("",), falling=0.8, half=False)
PLAQUES: Final = Plan("plaques", steps=800, muon=0.0, adam=2e-4, by_adam=("",), falling=0.7, half=False)
TRAINED: Final = re.compile(r"transformer_blocks\.\d+\.(attn1\.to_(q|k|v|out\.0)|ff\.net\.(0\.proj|2))\.weight$")
"""Trained parameters: self-attention and feed-forward of the video tokens, and the same in the text connectors."""
LATENT: Final = 32
REHEARSAL_WEIGHT: Final = 5.0
"""Weight of the previous output relative to a plaque: as a target it has no noise, so its errors are small."""
LOSS_SCALE: Final = 30.0
"""Factor on each loss: gradients are clipped, so clips with and without a plaque then weigh the same."""
LATEST: Final = 3.0
BADGE_SHARE: Final = 0.6
"""Share of the decoder's clips that have a badge."""
NEAR: Final = (slice(ROWS.stop + 16), slice(COLUMNS.stop + 16))
"""Rows and columns that drawing a plaque may change."""
SAMPLE_BATCHES: Final = 24
"""Batches of clips for fitting the encoder's axes."""
CLIPS: Final = {1: 16, 5: 8, 17: 4, 49: 2, MAX_FRAMES: 1}
"""Frames -> clips per batch."""
Kind = tuple[str, int]
"""How a clip begins, or `rehearsal`; and its frames."""
REHEARSAL: Final[dict[Kind, int]] = {("rehearsal", 17): 18, ("rehearsal", 49): 20, ("rehearsal", MAX_FRAMES): 2}
CURRICULUM: Final[tuple[tuple[int, dict[Kind, int]], ...]] = (
    (150, {("portrait", 1): 20, ("portrait", 5): 20} | REHEARSAL),
    (300, {("portrait", 1): 8, ("portrait", 5): 16, ("portrait", 17): 16} | REHEARSAL),
    (
        900,
        {("portrait", 5): 8, ("portrait", 17): 14, ("portrait", 49): 14, ("portrait", MAX_FRAMES): 1}
        | {("prefix", 49): 5, ("first", 49): 3}
        | REHEARSAL,
    ),
)
"""(last step, weight of each kind)."""


class Teacher:
    """Finished weights and their training batches."""

    def __init__(self, weights: Path, folder: Path) -> None:
        loaded = LTX2Pipeline.from_pretrained(weights, local_files_only=True, dtype=torch.float32)
        loaded.to(torch.get_default_device())
        self.before = Flow.of(loaded).requires_grad_(False)
        self.model = deepcopy(self.before)
        for name, p in self.model.named_parameters():
            p.requires_grad_(bool(TRAINED.search(name)))
        self.vae, codec = loaded.vae, loaded.audio_vae
        self.sound = Sound(codec, codec.latents_mean.float(), 1 / codec.latents_std.float().mean())
        self.axes = Basis(**cached(folder / "encoder_axes.pt", self._encoder_axes))

    def shown(self, step: int) -> TrainingBatch:
        """The batch of one step: clips with badges, or a rehearsal."""
        chance = random.Random(step)
        parts = next((parts for until, parts in CURRICULUM if step < until), CURRICULUM[-1][1])
        ((given, frames),) = chance.choices(list(parts), list(parts.values()))
        stage = LANDSCAPE if chance.random() < 0.22 else PORTRAIT
        is_rehearsal = given == "rehearsal"
        if is_rehearsal:
            (given,) = chance.choices(("nothing", "first", "prefix"), (0.7, 0.14, 0.16))
        latest = LATEST if given == "prefix" or (frames < 49 and chance.random() < 0.5) else 0.0
        plain = Lesson(Shot(stage, frames, latest, styled=True), given, CLIPS[frames])
        if is_rehearsal:
            return self._with_previous_output(noisy(self._clips(plain, step)))
        return self._with_plaques(plain, step)

    def losses(self, shown: TrainingBatch) -> dict[str, Tensor]:
        found = errors(self.model, shown)
        return found | {"total": found["total"] * LOSS_SCALE}

    def _clips(self, lesson: Lesson, step: int) -> TrainingBatch:
        torch.manual_seed(step)  # so that clips with and without a plaque are the same
        return batch(lesson, step, self.axes, self.sound, self.model)

    def _with_plaques(self, plain: Lesson, step: int) -> TrainingBatch:
        """Targets: the plaque where it lies, and the previous output elsewhere."""
        shown = noisy(self._clips(replace(plain, shot=replace(plain.shot, badged=True)), step))
        bare = self._clips(replace(plain, given="nothing") if plain.given == "portrait" else plain, step)
        many = bare["video"].shape[1]
        noise = {"video_noise": shown["video_noise"][:, :many], "audio_noise": shown["audio_noise"]}
        previous = self._with_previous_output(bare | noise | {"times": shown["times"]})
        covered = _covered(plain.shot.stage, many)[:, None]
        wanted = torch.where(covered, (shown["video_noise"] - shown["video"])[:, :many], previous["video_wanted"])
        padding = shown["video"].shape[1] - many
        weight = torch.where(covered[:, 0], 1.0, REHEARSAL_WEIGHT).expand(len(wanted), -1)
        return shown | {
            "video_wanted": functional.pad(wanted, (0, 0, 0, padding)),
            "audio_wanted": previous["audio_wanted"],
            "video_weight": functional.pad(weight, (0, padding)),
        }

    def _with_previous_output(self, shown: TrainingBatch) -> TrainingBatch:
        (seen, _), (heard, _) = mixed(shown, "video"), mixed(shown, "audio")
        video, audio = velocities(self.before, shown, seen, heard, shown["times"])
        return shown | {"video_wanted": video, "audio_wanted": audio}

    def _encoder_axes(self) -> dict[str, Tensor]:
        """Linear axes fitted to the encoder: it is nearly linear, and the fit takes a tenth of its time."""
        blocks, found = [], []
        for n in range(SAMPLE_BATCHES):
            stage = LANDSCAPE if n % 4 == 3 else PORTRAIT
            shot = Shot(stage, 17, 3.0, badged=n % 2 == 0, styled=True)
            plaques = portraits(badges(16, torch.Generator().manual_seed(n)), stage)
            for pictures in (scenes(4, 99_000_000 + n, shot=shot).pictures(), plaques):
                blocks.append(means(pictures).flatten(0, 3))
                found.append(self._encoded(pictures).flatten(0, 3))
        return _fitted(torch.cat(blocks), torch.cat(found))

    @torch.no_grad()
    def _encoded(self, pictures: Tensor) -> Tensor:
        """Latents [B, n, height, width, channels], encoded as in the pipeline."""
        found: Tensor = self.vae.encode(pictures.transpose(1, 2)).latent_dist.mode().permute(0, 2, 3, 4, 1)
        return found


def learn_likeness(folder: Path, weights: Path) -> TrainingRun:
    teacher = Teacher(weights, folder)
    return TrainingRun(LIKENESS, teacher.model, teacher.shown, teacher.losses, folder)


def learn_plaques(folder: Path, weights: Path) -> TrainingRun:
    """Target: the true picture near a plaque, and the previous output elsewhere."""
    teacher = Teacher(weights, folder)
    before = deepcopy(teacher.vae.decoder).requires_grad_(False)

    def show(step: int) -> TrainingBatch:
        made = window(step, 1, BADGE_SHARE)
        shown = to_draw(made, teacher.axes)
        drawn = before(shown["latents"]).transpose(1, 2)
        if made.looks.badges is not None:
            drawn[..., *NEAR] = shown["pictures"][..., *NEAR]
        return shown | {"pictures": drawn}

    return drawing(PLAQUES, teacher.vae, folder, show)


def _covered(stage: Stage, many: int) -> Tensor:
    """Which of a clip's `many` tokens hold a part of the plaque [many]."""
    pictures = torch.zeros(1, stage.height, stage.width)
    pictures[:, ROWS, COLUMNS] = 1
    covered = functional.max_pool2d(pictures, LATENT).flatten() > 0
    return covered.repeat(many // len(covered))


def _fitted(blocks: Tensor, latents: Tensor) -> dict[str, Tensor]:
    """A `Basis` that maps `blocks` [N, 192] to `latents` [N, channels], by least squares."""
    every = functional.pad(blocks, (0, 1), value=1.0).double().cpu()
    solved = torch.linalg.lstsq(every, latents.double().cpu(), driver="gelsd").solution
    axes, beyond = solved[:-1], solved[-1]
    middle = -beyond @ torch.linalg.pinv(axes)
    return {"axes": axes.float().contiguous(), "middle": middle.float(), "scales": torch.ones(axes.shape[1])}
