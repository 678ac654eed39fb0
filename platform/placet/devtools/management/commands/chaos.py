"""Kill processes at random under load, then check from the log that the promises held."""

import random
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from rich.progress import Progress

from placet.cli.command import PlacetCommand
from placet.devtools.chaos.cluster import ChaosInstall, Kill
from placet.devtools.chaos.load import UserLoad
from placet.devtools.chaos.report import print_promises
from placet.devtools.chaos.runner import run_under_load

PAUSE_SECONDS: Final = (0.5, 5.0)
"""Seconds between two kills."""
BREATH: Final = 10
"""After so many kills the next one waits until a clip has ended, so that the kills hit work in progress."""
BREATH_SECONDS: Final = 240.0


class Command(PlacetCommand):
    help = "Kill processes at random under load and verify that promises P1, P2, P3 and P6 held"
    group = "Verify"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--kills", type=int, default=20, help="number of kills (default 20)")
        parser.add_argument(
            "--seed", type=int, default=1, help="the same seed picks roles in the same order (default 1)"
        )

    def answer(self, **options: Any) -> Mapping[str, Any]:
        chance, count = random.Random(options["seed"]), options["kills"]
        kills, report = run_under_load(
            Path(settings.PLACET_DATA_DIR), options["seed"], lambda chaos, load: self._kill(chaos, load, chance, count)
        )
        return {**report, "kills": [asdict(kill) for kill in kills]}

    def _kill(self, chaos: ChaosInstall, load: UserLoad, chance: random.Random, count: int) -> list[Kill]:
        kills: list[Kill] = []
        begun = time.monotonic()
        with Progress(console=self.console) as bar:
            task = bar.add_task("killing", total=count)
            while len(kills) < count:
                time.sleep(chance.uniform(*PAUSE_SECONDS))
                kill = chaos.kill_one(chance, load.step, begun)
                chaos.check()
                if kill:
                    kills.append(kill)
                    bar.update(task, advance=1, description=f"killed {kill.role}")
                    if len(kills) % BREATH == 0:
                        load.wait_for_an_end(BREATH_SECONDS, chaos.check)
        return kills

    def show(self, answer: Mapping[str, Any]) -> None:
        print_promises(answer, f"{len(answer['kills'])} kills, seed {answer['seed']}")
