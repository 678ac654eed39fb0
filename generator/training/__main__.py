"""`python -m generator.training STAGE`: one stage of the training, in a folder that later stages read."""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch

from generator.training import flowing, hearing, seeing
from generator.training.assembling import averaged
from generator.training.loop import Run
from generator.training.parts import audio_vae


def _voice(folder: Path) -> Run:
    return hearing.learn_voice(folder, averaged(audio_vae(), hearing.SPECTRA, folder))


def _flow(folder: Path) -> Run:
    return flowing.learn_flow(folder, averaged(audio_vae(), hearing.SPECTRA, folder))


STAGES: Final[dict[str, Callable[[Path], Run]]] = {
    "spectra": hearing.learn_spectra,
    "voice": _voice,
    "decoder": seeing.learn_decoder,
    "encoder": seeing.learn_encoder,
    "flow": _flow,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m generator.training", description=__doc__)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--folder", type=Path, default=Path("var/training"))
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
    run = STAGES[asked.stage](asked.folder)
    if asked.steps:
        run.plan = replace(run.plan, steps=asked.steps)
    if asked.resume:
        run.resume()
    run.go(until=time.monotonic() + asked.minutes * 60, by_clock=asked.by_clock)


if __name__ == "__main__":
    main()
