"""What finished weights are taught on top of what they know: to show on its object the badge of the picture beside it.

To copy what may lie anywhere, in cells smaller than a latent, is learned late where everything moves at once: the flow
did not in half a million clips. So objects first lie still, and always in the same place of a latent; then anywhere;
then they move; then for long. What the weights knew is rehearsed meanwhile: asked without a badge, they are to say what
they said before.
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

from generator.training.codes import Basis, means
from generator.training.flowing import LONG, UNSAID, Flow, Lesson, Sound, batch, errors, mixed, noisy, velocities
from generator.training.loop import Plan, Run, Shown, kept
from generator.training.pictures import CELLS, portraits
from generator.training.scenes import SEEN, Scenes, Shot, scenes
from generator.training.seeing import around
from generator.training.tracks import FPS, LANDSCAPE, PORTRAIT, Stage

LIKENESS: Final = Plan("likeness", steps=9_000, muon=0.0, adam=1e-3, by_adam=("",), falling=0.25, half=False)
TAUGHT: Final = re.compile(r"transformer_blocks\.\d+\.(attn1\.to_(q|k|v|out\.0)|ff\.net\.(0\.proj|2))\.weight$")
"""What the pictures' tokens do among themselves and each alone; sound and words keep what they had."""
LATENT: Final = 32
OBJECT: Final = 10.0
"""Weight of what an object lies in, in the loss: the rest is known already."""
REHEARSED: Final = 10.0
"""Weight of a rehearsal: what was said before holds no noise, and so errs by little."""
LATEST: Final = 2.0
MARGIN: Final = 30.0
ROOMY: Final = tuple(one for one in SEEN if one.shape in {"ball", "cube"})
STILL: Final = tuple(one for one in ROOMY if one.motion == "rest")
LOOKED_AT: Final = 24
"""Batches of clips from which is found what the encoder does."""
CLIPS: Final = {1: 16, 5: 8, 17: 4, 49: 2, LONG: 1}
"""Frames -> how many clips of them are shown at once."""
REHEARSAL: Final = "rehearsal"
CURRICULUM: Final[tuple[tuple[int, dict[int | str, int]], ...]] = (
    (500, {1: 9, REHEARSAL: 1}),
    (1_500, {1: 9, REHEARSAL: 1}),
    (6_000, {1: 3, 5: 5, REHEARSAL: 2}),
    (7_500, {1: 2, 5: 2, 17: 4, REHEARSAL: 2}),
    (9_000, {5: 2, 17: 3, 49: 3, REHEARSAL: 2}),
)
"""Up to which step, and how often clips of so many frames are shown."""
PLACED: Final = 500
ANYWHERE: Final = 1_500
"""Until and from when objects that rest lie in one place of a latent, and anywhere."""


class Teacher:
    """Finished weights, and what they are shown."""

    def __init__(self, weights: Path, folder: Path) -> None:
        loaded = LTX2Pipeline.from_pretrained(weights, local_files_only=True, dtype=torch.float32)
        loaded.to(torch.get_default_device())
        self.before = Flow.of(loaded).requires_grad_(False)
        self.model = deepcopy(self.before)
        for name, p in self.model.named_parameters():
            p.requires_grad_(bool(TAUGHT.search(name)))
        self._vae, codec = loaded.vae, loaded.audio_vae
        self.sound = Sound(codec, codec.latents_mean.float(), 1 / codec.latents_std.float().mean())
        self.axes = Basis(**kept(folder / "encoder_axes.pt", self._found))
        self.portraits = {stage: self._encoded(portraits(_every_badge(), stage)) for stage in (PORTRAIT, LANDSCAPE)}

    def shown(self, step: int) -> Shown:
        """Of one step: clips with badges, or what was known before."""
        chance = random.Random(step)
        parts = next((parts for until, parts in CURRICULUM if step < until), CURRICULUM[-1][1])
        (kind,) = chance.choices(list(parts), list(parts.values()))
        stage = LANDSCAPE if chance.random() < 0.22 else PORTRAIT
        if isinstance(kind, str):
            return self._rehearsed(stage, chance, step)
        return noisy(self._of(_clips(kind, stage, chance, step), stage, chance))

    def losses(self, shown: Shown) -> dict[str, Tensor]:
        found = errors(self.model, shown)
        return found | {"total": found["total"] * (REHEARSED if "video_wanted" in shown else 1.0)}

    def _of(self, made: Scenes, stage: Stage, chance: random.Random) -> Shown:
        """As `flowing.batch`, with the portrait as the pipeline sees it and the object weighed."""
        assert made.looks.badges is not None
        transformer = self.model.transformer
        clip, heard = _tokens(self.axes.latents(made.pictures())), self.sound.latents(made.sounds())
        beside = self.portraits[stage][_numbers(made.looks.badges)]
        count, many = clip.shape[:2]
        rows, columns = stage.height // LATENT, stage.width // LATENT
        places = [
            transformer.rope.prepare_video_coords(1, frames, rows, columns, clip.device, fps=float(FPS))
            for frames in (many // (rows * columns), 1)
        ]
        alone, there = torch.zeros(beside.shape[:2]), torch.ones(beside.shape[:2])
        ids, mask = self.model.tokens(["" if chance.random() < UNSAID else said for said in made.words])
        return {
            "video": torch.cat([clip, beside], 1),
            "audio": heard,
            "video_places": torch.cat(places, 2),
            "audio_places": transformer.audio_rope.prepare_audio_coords(1, heard.shape[1], heard.device),
            "video_given": torch.cat([torch.zeros(count, many), there], 1),
            "audio_given": torch.zeros(heard.shape[:2]),
            "video_weight": torch.cat([1 + (OBJECT - 1) * _holds_object(made), alone], 1),
            "ids": ids,
            "mask": mask,
        }

    def _rehearsed(self, stage: Stage, chance: random.Random, step: int) -> Shown:
        given = chance.choices(("nothing", "first", "prefix"), (0.7, 0.14, 0.16))[0]
        frames = chance.choices((17, 49, LONG), (0.5, 0.4, 0.1))[0]
        shot = Shot(stage, frames, 3.0 if given == "prefix" else 0.0, styled=True)
        shown = noisy(batch(Lesson(shot, given, CLIPS[frames]), step, self.axes, self.sound, self.model))
        (seen, _), (heard, _) = mixed(shown, "video"), mixed(shown, "audio")
        video, audio = velocities(self.before, shown, seen, heard, shown["times"])
        return shown | {"video_wanted": video, "audio_wanted": audio}

    @torch.no_grad()
    def _encoded(self, pictures: Tensor) -> Tensor:
        """Tokens, as the pipeline finds them."""
        parts = [self._vae.encode(some.transpose(1, 2)).latent_dist.mode() for some in torch.split(pictures, 8)]
        return _tokens(torch.cat(parts))

    def _found(self) -> dict[str, Tensor]:
        """Axes along which the encoder looks: it is as good as linear, and so takes a tenth of its time."""
        blocks, found = [], []
        for n in range(LOOKED_AT):
            shot = Shot(LANDSCAPE if n % 4 == 3 else PORTRAIT, 17, 3.0, badged=n % 2 == 0, styled=True)
            pictures = scenes(4, 99_000_000 + n, shot=shot).pictures()
            blocks.append(means(pictures).flatten(0, 3))
            found.append(self._encoded(pictures).flatten(0, 1))
        return _fitted(torch.cat(blocks), torch.cat(found))


def learn_likeness(folder: Path, weights: Path) -> Run:
    teacher = Teacher(weights, folder)
    return Run(LIKENESS, teacher.model, teacher.shown, teacher.losses, folder)


def _clips(frames: int, stage: Stage, chance: random.Random, step: int) -> Scenes:
    """What carries a badge: at rest where it is one picture, else in motion, begun some time ago where it is short."""
    count = CLIPS[frames]
    asked = [chance.choice(STILL if frames == 1 else ROOMY) for _ in range(count)]
    latest = LATEST if 1 < frames < 49 and chance.random() < 0.5 else 0.0
    made = scenes(count, step, asked, Shot(stage, frames, latest, badged=True))
    return _placed(made, min(max((step - PLACED) / (ANYWHERE - PLACED), 0.0), 1.0)) if frames == 1 else made


def _placed(made: Scenes, wide: float) -> Scenes:
    """Each object at the border of two latents, or off it by up to half of `wide` latents."""
    width = made.track.stage.width
    count, frames = made.track.x.shape
    border = LATENT * torch.randint(1, width // LATENT, (count, 1))
    x = (border + (torch.rand(count, 1) - 0.5) * wide * LATENT).clamp(MARGIN, width - MARGIN)
    return replace(made, track=replace(made.track, x=x.expand(-1, frames).contiguous()))


def _holds_object(made: Scenes) -> Tensor:
    """1 for each token in whose pixels the object lies, or a part of it [B, n]."""
    box = around(made.track)
    count, frames = box.shape[:2]
    held = functional.max_pool2d(box.flatten(0, 1), LATENT).view(count, frames, -1)
    held = torch.cat([held[:, :1]] * 3 + [held], 1)
    return held.view(count, -1, 4, held.shape[-1]).amax(2).flatten(1)


def _tokens(latents: Tensor) -> Tensor:
    """[B, channels, n, height, width] -> [B, n x height x width, channels]."""
    return latents.permute(0, 2, 3, 4, 1).flatten(1, 3)


def _fitted(blocks: Tensor, latents: Tensor) -> dict[str, Tensor]:
    """A `Basis` that leads from `blocks` [N, 192] to `latents` [N, channels], by least squares."""
    every = functional.pad(blocks, (0, 1), value=1.0).double().cpu()
    solved = torch.linalg.lstsq(every, latents.double().cpu(), driver="gelsd").solution
    axes, beyond = solved[:-1], solved[-1]
    middle = -beyond @ torch.linalg.pinv(axes)
    return {"axes": axes.float().contiguous(), "middle": middle.float(), "scales": torch.ones(axes.shape[1])}


def _every_badge() -> Tensor:
    """[64, 3, 3], each at its number."""
    numbers = torch.arange(2 ** (2 * CELLS))
    half = torch.stack([numbers >> bit & 1 for bit in reversed(range(2 * CELLS))], 1).view(-1, CELLS, 2).float()
    return torch.cat([half, half[:, :, :1]], 2)


def _numbers(badges: Tensor) -> Tensor:
    """[B, 3, 3] -> [B], as in `_every_badge`."""
    powers = 2 ** torch.arange(2 * CELLS - 1, -1, -1)
    return (badges[:, :, :2].flatten(1) @ powers.float()).long()
