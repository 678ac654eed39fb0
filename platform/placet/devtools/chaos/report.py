"""The results of the promises, as a table."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from placet.cli.console import print_table


def print_promises(answer: Mapping[str, Any], title: str) -> None:
    """One row per promise, and the first ten ways in which each was broken."""
    table = Table("promise", "checked", "broken", title=title)
    for name, found in answer["promises"].items():
        table.add_row(name, str(found["checked"]), str(len(found["broken"])))
    print_table(table, *(words for found in answer["promises"].values() for words in found["broken"][:10]))
