"""Compare every row of a projection with a replay of the log. Read-only."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from rich.progress import Progress

from placet.cli.actor import map_errors, running_install
from placet.cli.command import CommandFailed, PlacetCommand
from placet.cli.management.commands.rebuild_projections import chosen, report, show_projections
from placet.eventlog.projections.diff import Outdated, differences
from placet.eventlog.projections.runner import Projection, position_of
from placet.eventlog.store.connect import connect


class Command(PlacetCommand):
    help = "Compare each row of the projections with a replay of the log. Changes nothing"
    group = "Verify"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="PROJECTION", help="projections to compare (default: all)")

    def answer(self, **options: Any) -> Mapping[str, Any]:
        with map_errors(), running_install(), Progress(console=self.console) as bar:
            rows = [self._compared(target, bar) for target in chosen(options["names"])]
        return {"ok": all(row["same"] for row in rows), "projections": rows}

    def _compared(self, target: Projection, bar: Progress) -> dict[str, Any]:
        task = bar.add_task(target.name)
        try:
            with connect() as connection:
                found = differences(target, connection, lambda at, of: bar.update(task, completed=at, total=of))
        except Outdated as refused:
            raise CommandFailed(str(refused), f"placet rebuild-projections {target.name}", code="outdated") from None
        return {"name": target.name, "position": position_of(target.name), **report(found)}

    def show(self, answer: Mapping[str, Any]) -> None:
        show_projections(answer)
