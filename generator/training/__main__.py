"""`python -m generator.training STAGE`: one stage of the training, in a folder that later stages read.

`assemble` makes weights of the first five; `likeness` goes on from weights, `adapt` adds to them what it changed.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch

from generator.training import audio_vae as hearing
from generator.training import flow_matching, identity_finetune, video_vae
from generator.training.export import averaged, teach, write
from generator.training.loop import TrainingRun
from generator.training.modules import audio_vae


def _voice(asked: argparse.Namespace) -> TrainingRun:
    return hearing.learn_voice(asked.folder, averaged(audio_vae(), hearing.SPECTRA, asked.folder))


def _flow(asked: argparse.Namespace) -> TrainingRun:
    return flow_matching.learn_flow(asked.folder, averaged(audio_vae(), hearing.SPECTRA, asked.folder))


STAGES: Final[dict[str, Callable[[argparse.Namespace], TrainingRun]]] = {
    "spectra": lambda asked: hearing.learn_spectra(asked.folder),
    "voice": _voice,
    "decoder": lambda asked: video_vae.learn_decoder(asked.folder),
    "encoder": lambda asked: video_vae.learn_encoder(asked.folder),
    "flow": _flow,
    "likeness": lambda asked: identity_finetune.learn_likeness(asked.folder, asked.weights),
    "plaques": lambda asked: identity_finetune.learn_plaques(asked.folder, asked.weights),
}
ENDS: Final[dict[str, Callable[[argparse.Namespace], None]]] = {
    "assemble": lambda asked: write(asked.folder, asked.weights, asked.version),
    "teach": lambda asked: teach(asked.folder, asked.weights, asked.version),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m generator.training", description=__doc__)
    parser.add_argument("stage", choices=[*STAGES, *ENDS])
    parser.add_argument("--folder", type=Path, default=Path("var/training"))
    parser.add_argument("--weights", type=Path, default=Path("var/weights"), help="that are written, or gone on from")
    parser.add_argument("--version", default="1", help="of the weights that are written")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--steps", type=int, help="instead of the plan's")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop then, with a checkpoint")
    parser.add_argument("--by-clock", action="store_true", help="let the rates fall by those minutes, not by the steps")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.set_default_device(asked.device)
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    if asked.stage in ENDS:
        ENDS[asked.stage](asked)
        return
    run = STAGES[asked.stage](asked)
    if asked.steps:
        run.plan = replace(run.plan, steps=asked.steps)
    if asked.resume:
        run.resume()
    run.go(until=time.monotonic() + asked.minutes * 60, by_clock=asked.by_clock)


if __name__ == "__main__":
    main()
