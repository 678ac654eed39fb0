"""Run the install with seed data in the foreground."""

import signal
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from rich.console import Console

from placet.cli.command import CommandFailed, PlacetCommand
from placet.operations.install import install
from placet.runtime.postgres.paths import PostgresUnavailable
from placet.runtime.supervisor.ports import FIRST, NoFreePort
from placet.runtime.supervisor.state import AlreadyRunning, SupervisorState, read_state
from placet.runtime.supervisor.supervisor import NotStarted, Supervisor


class Command(PlacetCommand):
    help = "Start all processes, print the address and one-time sign-in links, and run until Ctrl-C"
    group = "Getting started"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=FIRST, help=f"first port to try (default {FIRST})")
        parser.add_argument("--no-links", action="store_true", help="do not create sign-in links")

    def answer(self, **options: Any) -> Mapping[str, Any]:
        home = Path(settings.PLACET_DATA_DIR)
        supervisor = Supervisor(home, first_port=options["port"], install=install)
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda *_: supervisor.stop())
        started = time.monotonic()
        try:
            supervisor.run(
                self._print, lambda state: self.deliver(_ready(state, started, with_links=not options["no_links"]))
            )
        except AlreadyRunning as refused:
            raise CommandFailed(str(refused), _where_it_runs(home), code="already_running") from None
        except (NotStarted, PostgresUnavailable, NoFreePort) as refused:
            raise CommandFailed(str(refused), "placet doctor", code="not_started") from None
        self._print("Everything has stopped.")
        return {}

    def show(self, answer: Mapping[str, Any]) -> None:
        """Each link whole on a line of its own: a wrapped one cannot be copied."""
        lines = [f"Placet is at {answer['origin']}", ""]
        lines += [f"{row['name']}: {row['role']}\n  {row['link']}" for row in answer["sign_in"]]
        lines += ["", f"Ready in {answer['ready_seconds']} s. Ctrl-C stops everything."]
        Console(highlight=False, soft_wrap=True).print("\n".join(lines), markup=False)

    def _print(self, line: str) -> None:
        self.console.print(line, markup=False)


def _ready(state: SupervisorState, started: float, *, with_links: bool) -> Mapping[str, Any]:
    """The answer, with links that the pages accept: this process may be older than the install's keys."""
    from placet.cli.seed import sign_in_links
    from placet.runtime.supervisor.attach import attach_to

    attach_to(Path(settings.PLACET_DATA_DIR), state)
    links = [{"name": name, "role": role, "link": link} for name, role, link in sign_in_links() if with_links]
    return {**asdict(state), "ready_seconds": round(time.monotonic() - started, 1), "sign_in": links}


def _where_it_runs(home: Path) -> str:
    state = read_state(home)
    return f"open {state.origin}, or stop it first: kill {state.pid}" if state else "wait a moment and try again"
