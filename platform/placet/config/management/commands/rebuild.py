"""Projections thrown away and folded again from the log, with the proof that they were what the log says."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from placet.config import flow
from placet.config.acting import mended, over_the_running_install
from placet.config.command import CommandFailed, PlacetCommand
from placet.eventlog.projecting import PROJECTIONS, Projection
from placet.eventlog.rebuild import Rebuilt, rebuild


class Command(PlacetCommand):
    help = "Fold projections again from the log, and say whether their rows were what it gives"
    group = "Prove"
    keep = True

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="PROJECTION", help="which (default: all)")

    def answer(self, **options: Any) -> Mapping[str, Any]:
        flow.load()
        with mended(), over_the_running_install(), Progress(console=self.console) as bar:
            rebuilt = [self._rebuilt(target, bar) for target in _chosen(options["names"])]
        rows = [
            {"name": r.name, "same": r.is_same, "sha256": r.replayed, "was": r.live, "position": r.position}
            for r in rebuilt
        ]
        return {"ok": all(r.is_same for r in rebuilt), "kept": self.keep, "projections": rows}

    def _rebuilt(self, target: Projection, bar: Progress) -> Rebuilt:
        task = bar.add_task(target.name)
        return rebuild(target, lambda done, of: bar.update(task, completed=done, total=of), keep=self.keep)

    def show(self, answer: Mapping[str, Any]) -> None:
        table = Table("projection", "position", "live equals replay", "SHA-256 over its rows")
        for row in answer["projections"]:
            table.add_row(row["name"], str(row["position"]), "yes" if row["same"] else "NO", row["sha256"][:16])
        Console().print(table)


def _chosen(names: list[str]) -> list[Projection]:
    unknown = [name for name in names if name not in PROJECTIONS]
    if unknown:
        raise CommandFailed(
            f"There is no projection {unknown[0]!r}.", f"placet rebuild {' '.join(sorted(PROJECTIONS))}"
        )
    return [target for name, target in sorted(PROJECTIONS.items()) if not names or name in names]
