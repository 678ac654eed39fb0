"""Tables and long lines for people: as wide as their terminal, and whole where nobody has one."""

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
