"""Flow matching: the transformer learns to turn noise into latents of picture and sound, given a prompt."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from diffusers import AutoencoderKLLTX2Audio, LTX2Pipeline
from torch import Tensor, nn

from generator.evaluation.mel import frames_of
from generator.training.latents import Basis, basis
from generator.training.loop import Plan, TrainingBatch, TrainingRun, cached
from generator.training.modules import WORDS, connectors, text_encoder, transformer
from generator.training.render import portraits
from generator.training.scenes import Shot, scenes
from generator.training.trajectories import FPS, LANDSCAPE, PORTRAIT
from generator.training.words import tokenizer, vocabulary

FLOW: Final = Plan(
    "flow",
    steps=4_000,
    muon=0.01,
    adam=1.5e-3,
    by_adam=("proj_in", "proj_out", "shared", "table", "registers", "relative_attention_bias"),
)
BATCH: Final = 128
MAX_FRAMES: Final = 121
"""Length of the longest clip."""
PROMPT_DROPOUT: Final = 0.1
"""Share of dropped prompts, for classifier-free guidance (Ho and Salimans, 2022)."""
TIME_SHIFT: Final = 0.3
"""Shift of the median time towards noise, as a logit."""
UNIFORM_TIMES: Final = 0.1
"""Share of times drawn uniformly: otherwise pure noise, where every clip begins, is rare."""
MAX_CONTEXT: Final = 6

SCALED: Final = 0.7


@dataclass(frozen=True, slots=True)
class Sound:
    """Audio latents, normalised for the flow: `middle` [16], one `scale` for all."""

    codec: AutoencoderKLLTX2Audio
    middle: Tensor
    scale: Tensor

    @torch.no_grad()
    def latents(self, pcm: Tensor) -> Tensor:
        """[B, samples] -> [B, n, 16]."""
        codes = self.codec.encode(frames_of(pcm)).latent_dist.mode().float()
        found: Tensor = (codes.transpose(1, 2).flatten(2) - self.middle) * self.scale
        return found

    @classmethod
    def of(cls, codec: AutoencoderKLLTX2Audio, folder: Path) -> "Sound":
        """The normalisation that the stages in `folder` share."""

        def measured() -> dict[str, Tensor]:
            raw = cls(codec, torch.zeros(()), torch.ones(()))
            found = torch.cat([raw.latents(scenes(32, 88_000 + n).sounds()) for n in range(8)]).flatten(0, 1)
            spread = (found - found.mean(0)).pow(2).mean().sqrt()
            return {"middle": found.mean(0).cpu(), "scale": (SCALED / spread).cpu()}

        return cls(codec, **cached(folder / "sound.pt", measured))


class Flow(nn.Module):
    """The trained parts: words to embeddings to velocities."""

    def __init__(self) -> None:
        super().__init__()
        self.transformer = transformer()
        self.connectors = connectors()
        self.text_encoder = text_encoder(len(vocabulary()))
        self.tokenizer = tokenizer()

    @classmethod
    def of(cls, loaded: LTX2Pipeline) -> "Flow":
        """The parts of finished weights."""
        flow = cls()
        flow.transformer, flow.connectors = loaded.transformer, loaded.connectors
        flow.text_encoder, flow.tokenizer = loaded.text_encoder, loaded.tokenizer
        return flow

    def tokens(self, prompts: list[str]) -> tuple[Tensor, Tensor]:
        """Token ids and their mask [B, WORDS], on the default device."""
        found = self.tokenizer(prompts, padding="max_length", max_length=WORDS, truncation=True, return_tensors="pt")
        device = torch.get_default_device()
        return found.input_ids.to(device), found.attention_mask.to(device)

    def read(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Text embeddings for picture and sound [B, WORDS, 96], computed as in the pipeline."""
        hidden = (1.0 - mask[:, None, None, :].float()) * torch.finfo(torch.float32).min
        states = self.text_encoder(input_ids=ids, attention_mask=hidden, output_hidden_states=True).hidden_states
        packed = torch.stack(states, dim=-1).flatten(2, 3)
        seen, heard, _ = self.connectors(packed, mask, padding_side="left")
        return seen, heard


@dataclass(frozen=True, slots=True)
class Lesson:
    """One step's task: a shot, and which part of it is given. The same for all clips of the step."""

    shot: Shot
    given: str
    count: int

    @classmethod
    def of(cls, step: int, count: int) -> "Lesson":
        chance = random.Random(step)
        stage = LANDSCAPE if chance.random() < 0.22 else PORTRAIT
        given = chance.choices(("nothing", "first", "prefix", "portrait"), (0.6, 0.1, 0.12, 0.18))[0]
        is_long = given in {"nothing", "prefix"} and chance.random() < 0.15
        frames = MAX_FRAMES if is_long else 49
        latest = 3.0 if given == "prefix" else 0.0
        shot = Shot(stage, frames, latest, badged=given == "portrait", styled=True)
        return cls(shot, given, count // 3 if is_long else count)


def batch(lesson: Lesson, seed: int, axes: Basis, sound: Sound, model: Flow) -> TrainingBatch:
    """Clean tokens with their positions.

    `video`, `audio` [B, n, channels]; `video_places`, `audio_places` [1, axes, n, 2] in pixels and seconds;
    `video_given`, `audio_given` [B, n], 1 for given tokens; `ids`, `mask` of the prompt.
    """
    made = scenes(lesson.count, seed, shot=lesson.shot)
    latents = axes.latents(made.pictures(torch.float16 if made.track.x.is_cuda else torch.float32))
    heard = sound.latents(made.sounds())
    count, _, frames, height, width = latents.shape
    places = model.transformer.rope.prepare_video_coords(1, frames, height, width, latents.device, fps=float(FPS))
    tokens = latents.permute(0, 2, 3, 4, 1)
    known = torch.zeros(count, frames)
    hearing = torch.zeros(count, heard.shape[1])
    if lesson.given == "first":
        known[:, 0] = 1
    elif lesson.given == "prefix":
        many = torch.randint(1, MAX_CONTEXT + 1, (count, 1))
        known = (torch.arange(frames) < many).float()
        hearing = (torch.arange(heard.shape[1]) < (many * 4 - 3) * 25 / FPS).float()
    tokens, known = tokens.flatten(1, 3), known.repeat_interleave(height * width, 1)
    if lesson.given == "portrait" and made.looks.badges is not None:
        shown = axes.latents(portraits(made.looks.badges, lesson.shot.stage)).permute(0, 2, 3, 4, 1).flatten(1, 3)
        extra = model.transformer.rope.prepare_video_coords(1, 1, height, width, latents.device, fps=float(FPS))
        tokens, places = torch.cat([tokens, shown], 1), torch.cat([places, extra], 2)
        known = torch.cat([known, torch.ones(shown.shape[:2])], 1)
    chance = random.Random(seed)
    ids, mask = model.tokens(["" if chance.random() < PROMPT_DROPOUT else caption for caption in made.captions])
    found = {
        "video": tokens,
        "audio": heard,
        "video_places": places,
        "audio_places": model.transformer.audio_rope.prepare_audio_coords(1, heard.shape[1], heard.device),
        "ids": ids,
        "mask": mask,
    }
    return found if lesson.given == "nothing" else found | {"video_given": known, "audio_given": hearing}


def velocities(model: Flow, shown: TrainingBatch, video: Tensor, audio: Tensor, times: Tensor) -> tuple[Tensor, Tensor]:
    """The transformer's velocities for noisy tokens at `times` [B] in 0..1; given tokens are at time 0."""
    seen, heard = model.read(shown["ids"], shown["mask"])
    at = heard_at = 1_000 * times[:, None]
    if "video_given" in shown:
        at, heard_at = at * (1 - shown["video_given"]), at * (1 - shown["audio_given"])
    found = model.transformer(
        hidden_states=video,
        audio_hidden_states=audio,
        encoder_hidden_states=seen,
        audio_encoder_hidden_states=heard,
        timestep=at,
        audio_timestep=heard_at,
        video_coords=shown["video_places"],
        audio_coords=shown["audio_places"],
        return_dict=False,
    )
    return found[0].float(), found[1].float()


def noisy(shown: TrainingBatch) -> TrainingBatch:
    """Adds a time for each clip, and the noise to mix it with."""
    count = len(shown["video"])
    times = torch.sigmoid(TIME_SHIFT + torch.randn(count))
    times = torch.where(torch.rand(count) < UNIFORM_TIMES, torch.rand(count), times)
    return shown | {f"{name}_noise": torch.randn_like(shown[name]) for name in ("video", "audio")} | {"times": times}


def mixed(shown: TrainingBatch, name: str) -> tuple[Tensor, Tensor]:
    """For `video` or `audio`: the noisy tokens, and a mask of those that are not given [B, n, 1]."""
    clean, given = shown[name], shown.get(f"{name}_given")
    free = torch.ones_like(clean[:, :, :1]) if given is None else 1 - given[:, :, None]
    return clean + (shown[f"{name}_noise"] - clean) * shown["times"][:, None, None] * free, free


def errors(model: Flow, shown: TrainingBatch) -> dict[str, Tensor]:
    """Mean squared errors over all tokens that are not given.

    Optional in `shown`: `video_weight` [B, n], and the targets `video_wanted` and `audio_wanted`.
    """
    times = shown["times"]
    noised, wanted, counted = [], [], []
    for name in ("video", "audio"):
        tokens, free = mixed(shown, name)
        noised.append(tokens)
        wanted.append(shown.get(f"{name}_wanted", shown[f"{name}_noise"] - shown[name]))
        weight = shown.get(f"{name}_weight")
        counted.append(free if weight is None else free * weight[:, :, None])
    predicted = velocities(model, shown, noised[0], noised[1], times)
    video, audio = (
        ((got - want).pow(2) * counts).sum() / (counts.sum() * want.shape[2])
        for got, want, counts in zip(predicted, wanted, counted, strict=True)
    )
    return {"total": video + audio, "video": video, "audio": audio}


def learn_flow(folder: Path, codec: AutoencoderKLLTX2Audio, clips: int = BATCH) -> TrainingRun:
    model, axes, sound = Flow(), basis(folder), Sound.of(codec, folder)
    return TrainingRun(
        FLOW,
        model,
        lambda step: noisy(batch(Lesson.of(step, clips), step, axes, sound, model)),
        lambda shown: errors(model, shown),
        folder,
    )
