"""Where everything stands, now."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from rich.table import Table

from placet.config import flow
from placet.config.command import CommandFailed, PlacetCommand
from placet.config.joined import join_install
from placet.config.places import places
from placet.config.supervised import read_state
from placet.config.tables import tell


class Command(PlacetCommand):
    help = "What runs, how far each part is, what is parked and what is planned"
    group = "Look"
    stealth_options = ("tick",)

    def answer(self, **options: Any) -> Mapping[str, Any]:
        flow.load()
        if options.get("tick"):
            return {"ok": True, "running": None, **places()}
        home = Path(settings.PLACET_HOME)
        state = read_state(home)
        if state is None:
            raise CommandFailed(f"Nothing runs in {home}.", "placet up", code="not_running")
        join_install(home, state)
        found = places()
        return {"ok": state.ready and not found["parked"], "running": asdict(state), **found}

    def show(self, answer: Mapping[str, Any]) -> None:
        table = Table("part", "position", "lag", box=None)
        for kind in ("projections", "consumers"):
            for name, place in answer[kind].items():
                table.add_row(name, str(place["position"]), str(place["lag"] or ""))
        table.add_row("tree head", str(answer["signed"]["position"]), str(answer["signed"]["lag"] or ""))
        tell(table)
        self.stdout.write(f"The log is at position {answer['position']}.")
        for row in answer["parked"]:
            self.stdout.write(f"Parked: {row['consumer']} at {row['position']} ({row['error']})")
        for kind, states in answer["effects"].items():
            self.stdout.write(f"Effects of kind {kind}: {', '.join(f'{n} {state}' for state, n in states.items())}")
