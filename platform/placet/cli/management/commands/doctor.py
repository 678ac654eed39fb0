"""Check this machine."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from rich.console import Console
from rich.table import Table

from placet.cli.command import PlacetCommand
from placet.operations.doctor.checks import examine, is_fit

COLOURS = {"ok": "green", "warning": "yellow", "failed": "red"}


class Command(PlacetCommand):
    help = "Check this machine and print the command that fixes each problem"
    group = "Getting started"

    def answer(self, **_options: Any) -> Mapping[str, Any]:
        with self.console.status("checking"):
            findings = examine(Path(settings.PLACET_DATA_DIR))
        return {"ok": is_fit(findings), "checks": [asdict(finding) for finding in findings]}

    def show(self, answer: Mapping[str, Any]) -> None:
        table = Table("", "check", "message", "hint", box=None)
        for row in answer["checks"]:
            table.add_row(f"[{COLOURS[row['health']]}]{row['health']}[/]", row["name"], row["message"], row["hint"])
        Console().print(table)
