"""One long-lived part of Placet in this process. The supervisor calls it; so may a site's own units."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, Final

from placet.cli.command import CommandFailed, PlacetCommand
from placet.processes import services
from placet.runtime.supervisor.process_table import CARRIERS, ROLES

PARTS: Final = (*ROLES, *CARRIERS)


class Command(PlacetCommand):
    help = "Run one part by itself until told to stop: sequencer, consumers, checks, worker, relay or housekeeping"
    group = "Inner workings"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", help=f"one of: {', '.join(PARTS)}")

    def answer(self, **options: Any) -> Mapping[str, Any]:
        role = options["role"]
        if role not in PARTS:
            raise CommandFailed(f"There is no part called {role!r}.", f"placet run {'|'.join(PARTS)}")
        services.run(role)
        return {"role": role, "ended": True}
