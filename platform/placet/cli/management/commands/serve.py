"""Run one role in this process. The supervisor runs it; a site's own service units may too."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, Final

from placet.cli.command import CommandFailed, PlacetCommand
from placet.processes import services
from placet.runtime.supervisor.process_table import CARRIERS, ROLES

NAMES: Final = (*ROLES, *CARRIERS)


class Command(PlacetCommand):
    help = "Run one process role until it is stopped"
    group = "Internal"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", help=f"one of: {', '.join(NAMES)}")

    def answer(self, **options: Any) -> Mapping[str, Any]:
        role = options["role"]
        if role not in NAMES:
            raise CommandFailed(f"Unknown role {role!r}.", f"placet serve {'|'.join(NAMES)}")
        services.run(role)
        return {"role": role, "ended": True}
