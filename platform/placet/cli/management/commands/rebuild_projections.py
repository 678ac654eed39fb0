"""Rebuild projections from the log in shadow tables, then switch to them."""

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import psycopg
from django.conf import settings
from rich.progress import Progress
from rich.table import Table

from placet.cli.actor import map_errors, running_install
from placet.cli.command import CommandFailed, PlacetCommand
from placet.cli.console import print_table
from placet.eventlog.gc_tuning import reduced_gc
from placet.eventlog.projections.diff import Difference
from placet.eventlog.projections.rebuild import AlreadyRebuilding, NotSwitched, rebuild
from placet.eventlog.projections.runner import PROJECTIONS, Projection
from placet.runtime.postgres.dsn import dsn

SHOWN: Final = 20
"""Differing rows that are listed; all are counted."""


class Command(PlacetCommand):
    help = "Rebuild projections from the log in shadow tables, then switch to them. Reads go on meanwhile"
    group = "Verify"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="PROJECTION", help="projections to rebuild (default: all)")
        parser.add_argument("--from-scratch", action="store_true", help="discard an unfinished rebuild and start over")

    def answer(self, **options: Any) -> Mapping[str, Any]:
        with map_errors(), running_install(), reduced_gc(), Progress(console=self.console) as bar:
            owner = dsn(Path(settings.PLACET_DATA_DIR), "owner")
            with psycopg.connect(owner, autocommit=True) as connection:
                rows = [
                    self._rebuilt(one, connection, bar, from_scratch=options["from_scratch"])
                    for one in chosen(options["names"])
                ]
        return {"ok": True, "projections": rows}

    def _rebuilt(
        self, target: Projection, owner: psycopg.Connection[Any], bar: Progress, *, from_scratch: bool
    ) -> dict[str, Any]:
        task = bar.add_task(target.name)
        try:
            done = rebuild(
                target, owner, lambda at, of: bar.update(task, completed=at, total=of), from_scratch=from_scratch
            )
        except (AlreadyRebuilding, NotSwitched) as refused:
            raise CommandFailed(str(refused), f"placet rebuild-projections {target.name}", code="not_rebuilt") from None
        return {
            "name": done.name,
            "version": done.version,
            "was_version": done.was_version,
            "position": done.position,
            "resumed_from": done.resumed_from,
            **report(done.differences),
        }

    def show(self, answer: Mapping[str, Any]) -> None:
        show_projections(answer)


def report(found: "tuple[Difference, ...] | list[Difference]") -> dict[str, Any]:
    """The number of rows that differ, and the first of them by table, key and columns. Never a value."""
    return {"same": not found, "differing": len(found), "differences": [asdict(one) for one in found[:SHOWN]]}


def show_projections(answer: Mapping[str, Any]) -> None:
    """One line per projection, then the rows that differ."""
    table = Table("projection", "position", "live equals replay", box=None)
    for row in answer["projections"]:
        table.add_row(row["name"], str(row["position"]), "yes" if row["same"] else f"NO: {row['differing']} rows")
    print_table(table)
    for row in answer["projections"]:
        for one in row["differences"]:
            where = f"only in {one['only_in']}" if one["only_in"] else f"in {', '.join(one['columns'])}"
            print_table(f"{one['table']} {one['key']}: {where}")


def chosen(names: list[str]) -> list[Projection]:
    """The named projections, or all. Raises `CommandFailed`."""
    unknown = [name for name in names if name not in PROJECTIONS]
    if unknown:
        raise CommandFailed(
            f"There is no projection {unknown[0]!r}.", f"placet rebuild-projections {' '.join(sorted(PROJECTIONS))}"
        )
    return [target for name, target in sorted(PROJECTIONS.items()) if not names or name in names]
