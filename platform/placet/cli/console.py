"""Tables and long lines for people: as wide as the terminal, and never cut where there is none."""

from rich.console import Console
from rich.table import Table

WIDE = 220


def print_table(*things: Table | str) -> None:
    """To stdout."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDE
    for thing in things:
        console.print(thing, markup=False, soft_wrap=isinstance(thing, str))
