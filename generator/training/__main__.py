"""`python -m generator.training STAGE`: runs one training stage, in a folder that later stages read.

`assemble` writes weights from the first five stages; `likeness` and `plaques` start from weights, and `teach` merges
them into those weights.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch

from generator.training import flow_matching, identity_finetune, video_vae
from generator.training.audio_vae import SPECTRA, learn_spectra, learn_voice
from generator.training.export import assemble, load_averaged, teach
from generator.training.loop import TrainingRun
from generator.training.modules import audio_vae


def _voice(args: argparse.Namespace) -> TrainingRun:
    return learn_voice(args.folder, load_averaged(audio_vae(), SPECTRA, args.folder))


def _flow(args: argparse.Namespace) -> TrainingRun:
    return flow_matching.learn_flow(args.folder, load_averaged(audio_vae(), SPECTRA, args.folder))


STAGES: Final[dict[str, Callable[[argparse.Namespace], TrainingRun]]] = {
    "spectra": lambda args: learn_spectra(args.folder),
    "voice": _voice,
    "decoder": lambda args: video_vae.learn_decoder(args.folder),
    "encoder": lambda args: video_vae.learn_encoder(args.folder),
    "flow": _flow,
    "likeness": lambda args: identity_finetune.learn_likeness(args.folder, args.weights),
    "plaques": lambda args: identity_finetune.learn_plaques(args.folder, args.weights),
}
ENDS: Final[dict[str, Callable[[argparse.Namespace], None]]] = {
    "assemble": lambda args: assemble(args.folder, args.weights, args.version),
    "teach": lambda args: teach(args.folder, args.weights, args.version),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m generator.training", description=__doc__)
    parser.add_argument("stage", choices=[*STAGES, *ENDS])
    parser.add_argument("--folder", type=Path, default=Path("var/training"))
    parser.add_argument("--weights", type=Path, default=Path("var/weights"), help="folder to write, or to start from")
    parser.add_argument("--version", default="1", help="version of the written weights")
    parser.add_argument("--resume", action="store_true", help="continue from the last checkpoint")
    parser.add_argument("--steps", type=int, help="number of steps, instead of the plan's")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after this time, with a checkpoint")
    parser.add_argument("--by-clock", action="store_true", help="decay the rates over those minutes, not the steps")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_default_device(args.device)
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    if args.stage in ENDS:
        ENDS[args.stage](args)
        return
    run = STAGES[args.stage](args)
    if args.steps:
        run.plan = replace(run.plan, steps=args.steps)
    if args.resume:
        run.resume()
    run.go(until=time.monotonic() + args.minutes * 60, by_clock=args.by_clock)


if __name__ == "__main__":
    main()
