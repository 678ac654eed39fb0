"""`python -m generator.training STAGE`: one stage of the training, in a folder that later stages read."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch

from generator.training import hearing
from generator.training.loop import Run


def _voice(folder: Path) -> Run:
    spectra = hearing.learn_spectra(folder)
    spectra.resume()
    return hearing.learn_voice(folder, spectra.averaged().requires_grad_(False))


STAGES: Final[dict[str, Callable[[Path], Run]]] = {"spectra": hearing.learn_spectra, "voice": _voice}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m generator.training", description=__doc__)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--folder", type=Path, default=Path("var/training"))
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop then, with a checkpoint")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.set_default_device(asked.device)
    torch.manual_seed(0)
    run = STAGES[asked.stage](asked.folder)
    if asked.resume:
        run.resume()
    run.go(until=time.monotonic() + asked.minutes * 60)


if __name__ == "__main__":
    main()
