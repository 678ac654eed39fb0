"""Lag, backlogs and active alerts."""

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
    help = "Show lag, backlogs and active alerts. Exits 1 if any alert is active"
    group = "Inspect"
    stealth_options = ("tick",)

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--watch", action="store_true", help="refresh every second until Ctrl-C")

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
            "alerts": [alert.to_json() for alert in found],
        }

    def _join(self) -> SupervisorState:
        home = Path(settings.PLACET_DATA_DIR)
        state = read_state(home)
        if state is None:
            raise CommandFailed(f"Nothing runs in {home}.", "placet up", code="not_running")
        attach_to(home, state)
        return state

    def _watch(self) -> None:
        """Refresh until Ctrl-C. The state at that moment is printed and decides the exit code."""
        try:
            with Live(refresh_per_second=4, screen=False) as live:
                while True:
                    live.update(Group(*self._tables()))
                    time.sleep(REFRESH_SECONDS)
        except KeyboardInterrupt:
            connection.close()

    def _tables(self) -> list[Any]:
        measured = take_snapshot()
        return as_tables(as_mapping(measured), [alert.to_json() for alert in active_alerts(measured)])

    def show(self, answer: Mapping[str, Any]) -> None:
        for table in as_tables(answer, answer["alerts"]):
            print_table(table)
