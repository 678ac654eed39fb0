"""Kill processes at random under load, then ask the log whether the promises held."""

import random
import time
import uuid
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from rich.progress import Progress
from rich.table import Table

from placet.config import flow
from placet.config.chaos.kept_up import KeptUp, Kill
from placet.config.chaos.load import Acknowledged, Load
from placet.config.chaos.proving import Found, prove
from placet.config.command import PlacetCommand
from placet.config.demo.steps import enrol
from placet.config.demo.world import World
from placet.config.joined import join_install
from placet.config.supervised import read_state
from placet.config.tables import tell
from placet.eventlog.log import current_log
from placet.likeness import commands as likeness

SETTLE_SECONDS: Final = 240.0
PAUSE_SECONDS: Final = (0.3, 3.0)
"""Between two kills."""


class Command(PlacetCommand):
    help = "Kill processes at random under load, and prove afterwards that promises P1, P2, P3 and P6 held"
    group = "Prove"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--kills", type=int, default=20)
        parser.add_argument("--seed", type=int, default=1, help="the same seed kills in the same order of roles")

    def answer(self, **options: Any) -> Mapping[str, Any]:
        flow.load()
        chance, home = random.Random(options["seed"]), Path(settings.PLACET_HOME)
        kept = KeptUp(home)
        try:
            said, kills = self._attack(kept, chance, options)
            kept.tend()
            _settle()
            proofs = prove(current_log(), said, home / "mail")
        finally:
            kept.end()
        return _told(options["seed"], said, kills, proofs)

    def _attack(
        self, kept: KeptUp, chance: random.Random, options: Mapping[str, Any]
    ) -> tuple[Acknowledged, list[Kill]]:
        state = kept.tend()
        join_install(kept.home, state)
        world = World(str(uuid.uuid4()), state.origin, kept.home, lambda _phase: None)
        enrol(world)
        ana = world.person("Ana")
        likeness.set_level(current_log(), ana, "everyone", str(uuid.uuid4()))
        load = Load(ana, lambda: (read_state(kept.home) or state).origin, options["seed"])
        load.start()
        kills = self._kill(kept, chance, load, options["kills"])
        load.stop()
        return load.said, kills

    def _kill(self, kept: KeptUp, chance: random.Random, load: Load, count: int) -> list[Kill]:
        kills: list[Kill] = []
        begun = time.monotonic()
        with Progress(console=self.console) as bar:
            task = bar.add_task("killing", total=count)
            while len(kills) < count:
                time.sleep(chance.uniform(*PAUSE_SECONDS))
                if kill := kept.kill_one(chance, load.step, begun):
                    kills.append(kill)
                    bar.update(task, advance=1, description=f"killed {kill.role}")
                kept.tend()
        return kills

    def show(self, answer: Mapping[str, Any]) -> None:
        table = Table("promise", "checked", "broken", title=f"{len(answer['kills'])} kills, seed {answer['seed']}")
        for name, found in answer["promises"].items():
            table.add_row(name, str(found["checked"]), str(len(found["broken"])))
        tell(table, *(words for found in answer["promises"].values() for words in found["broken"][:10]))


def _settle() -> None:
    """Until every answer is given and every effect done, or for as long as anybody would wait."""
    from django.db import connection

    until = time.monotonic() + SETTLE_SECONDS
    quiet = 0
    while quiet < 5 and time.monotonic() < until:
        time.sleep(1)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM event_pending) + (SELECT count(*) FROM effect WHERE state <> 'done')"
            )
            quiet = 0 if cursor.fetchone()[0] else quiet + 1


def _told(seed: int, said: Acknowledged, kills: list[Kill], proofs: Mapping[str, Found]) -> dict[str, Any]:
    return {
        "ok": not any(found.broken for found in proofs.values()),
        "seed": seed,
        "load": {"asked": len(said.asked), "published": len(said.published), "revoked": len(said.revoked)},
        "kills": [asdict(kill) for kill in kills],
        "promises": {name: asdict(found) for name, found in proofs.items()},
    }
