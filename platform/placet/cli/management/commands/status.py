"""Where everything stands, now, and what somebody must look at."""

import time
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection
from rich.console import Group
from rich.live import Live

from placet.cli.command import CommandFailed, PlacetCommand
from placet.cli.console import print_table
from placet.operations.monitoring.alerts import active_alerts
from placet.operations.monitoring.collector import take_snapshot
from placet.operations.monitoring.render import as_mapping, as_tables
from placet.runtime.supervisor.attach import attach_to
from placet.runtime.supervisor.state import SupervisorState, read_state

REFRESH_SECONDS: Final = 1.0


class Command(PlacetCommand):
    help = "How far each part is, what waits, and what somebody must look at; ends with 1 when there is such a thing"
    group = "Look"
    stealth_options = ("tick",)

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--watch", action="store_true", help="stay, and show the table anew each second")

    def answer(self, **options: Any) -> Mapping[str, Any]:
        running = None if options.get("tick") else self._join()
        if options.get("watch") and not self.as_json:
            self._watch()
        measured = take_snapshot()
        found = active_alerts(measured)
        is_ready = running.ready if running else True
        return {
            "ok": is_ready and not found,
            "running": asdict(running) if running else None,
            **as_mapping(measured),
            "alarms": [{"code": a.code, "told": a.message, "mend": a.hint, "page": a.runbook_url} for a in found],
        }

    def _join(self) -> SupervisorState:
        home = Path(settings.PLACET_HOME)
        state = read_state(home)
        if state is None:
            raise CommandFailed(f"Nothing runs in {home}.", "placet up", code="not_running")
        attach_to(home, state)
        return state

    def _watch(self) -> None:
        """Until Ctrl-C; then the last state is told once more, and decides the exit code."""
        try:
            with Live(refresh_per_second=4, screen=False) as live:
                while True:
                    live.update(Group(*self._tables()))
                    time.sleep(REFRESH_SECONDS)
        except KeyboardInterrupt:
            connection.close()

    def _tables(self) -> list[Any]:
        measured = take_snapshot()
        return as_tables(
            as_mapping(measured), [asdict(alarm) | {"page": alarm.runbook_url} for alarm in active_alerts(measured)]
        )

    def show(self, answer: Mapping[str, Any]) -> None:
        for thing in as_tables(answer, answer["alarms"]):
            print_table(thing)
