"""The load of `chaos` without kills, for longer: memory must not grow and the promises must hold."""

import time
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from rich.progress import Progress

from placet.cli.command import PlacetCommand
from placet.devtools.chaos.cluster import ChaosInstall
from placet.devtools.chaos.load import UserLoad
from placet.devtools.chaos.memory import Look, at_rest, growth, sample
from placet.devtools.chaos.report import print_promises
from placet.devtools.chaos.runner import run_under_load

SAMPLES: Final = 120
MAY_GROW: Final = 0.02


class Command(PlacetCommand):
    help = "Run under sustained load and verify that memory does not grow and promises P1, P2, P3 and P6 hold"
    group = "Verify"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--minutes", type=float, default=60, help="duration (default 60)")
        parser.add_argument("--seed", type=int, default=1, help="seed of the load (default 1)")

    def answer(self, **options: Any) -> Mapping[str, Any]:
        minutes = options["minutes"]
        (samples, died), report = run_under_load(
            Path(settings.PLACET_DATA_DIR), options["seed"], lambda chaos, load: self._watch(chaos, load, minutes)
        )
        grown = growth(samples)
        return {
            **report,
            "ok": report["ok"] and grown["all"] < MAY_GROW and not died,
            "minutes": minutes,
            "died": died,
            "grown": grown,
            "at_rest": {role: [round(used / 1e6, 1) for used in pair] for role, pair in at_rest(samples).items()},
            "megabytes": [{role: round(used / 1e6, 1) for role, used in one.items()} for one in samples],
        }

    def _watch(self, chaos: ChaosInstall, load: UserLoad, minutes: float) -> tuple[list[Look], list[str]]:
        """The memory of each role, and the roles that were restarted although nothing killed them."""
        samples: list[Look] = []
        before, died = chaos.check().children, []
        with Progress(console=self.console) as bar:
            task = bar.add_task("soaking", total=SAMPLES)
            for _ in range(SAMPLES):
                time.sleep(60 * minutes / SAMPLES)
                state = chaos.check()
                samples.append(sample(state))
                died += [role for role, pid in state.children.items() if before.get(role) != pid]
                before = state.children
                used = sum(samples[-1].values()) / 1e6
                bar.update(task, advance=1, description=f"{used:.0f} MB, {len(load.acknowledged.asked)} clips")
        return samples, died

    def show(self, answer: Mapping[str, Any]) -> None:
        grown = {
            role: f"{by:+.1%} to {answer['megabytes'][-1].get(role, '')} MB" for role, by in answer["grown"].items()
        }
        print_promises(answer, f"{answer['minutes']:g} minutes; memory {grown.pop('all').removesuffix(' to  MB')}")
        for role, text in grown.items():
            self.stdout.write(f"  {role}: {text}")
        for role in answer["died"]:
            self.stdout.write(f"  {role} died and was restarted. Its log is in `log` of the home.")
