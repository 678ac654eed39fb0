"""The promises, and whether the tests proved each of them for this code."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from placet.cli.command import PlacetCommand
from placet.web.promises import promises_file, proofs, results, revision

WORDS: Final = {True: "[green]proved[/]", False: "[red]broken[/]", None: "[yellow]not proved[/]"}


class Command(PlacetCommand):
    help = "Show the ten promises and whether the last test run proved each of them for this code"
    group = "Verify"

    def answer(self, **_options: Any) -> Mapping[str, Any]:
        code = revision()
        found = proofs(results(promises_file()), code)
        return {
            "ok": all(proof.is_proved for proof in found),
            "commit": code,
            "file": str(promises_file()),
            "promises": [asdict(proof) for proof in found],
        }

    def show(self, answer: Mapping[str, Any]) -> None:
        table = Table("", "", "tests", "promise", box=None, padding=(0, 1, 1, 0))
        for row in answer["promises"]:
            text = f"{row['text']}\n[dim]{row['reason']}[/]" if row["reason"] else row["text"]
            table.add_row(row["name"], WORDS[row["is_proved"]], str(row["tests"]), text)
        Console(highlight=False).print(table)
        if not answer["ok"]:
            self.stdout.write("To test them: make test")
