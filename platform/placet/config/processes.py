"""The table of child processes, in the order in which they start. PostgreSQL comes before them all."""

import sys
from dataclasses import dataclass
from typing import Final

HOST: Final = "127.0.0.1"
ROLES: Final = (
    "sequencer",  # gives positions, then folds projections
    "consumers",  # what answers events
    "checks",  # what answers events by a model: this one holds them
    "worker",  # the generator
    "housekeeping",  # what is done now and then
)


@dataclass(frozen=True)
class Ports:
    web: int
    live: int


@dataclass(frozen=True)
class Child:
    """One process of ours: its name is its log file, its `PLACET_PROCESS` and its row in the state file."""

    role: str
    words: tuple[str, ...]


def children(ports: Ports) -> tuple[Child, ...]:
    """Everything that `make up` runs beside PostgreSQL."""
    return (
        Child("web", _granian("wsgi", ports.web, "--blocking-threads", "4", "--backpressure", "64", "--no-ws")),
        Child("live", _granian("asginl", ports.live, "--no-ws")),
        *(Child(role, (sys.executable, "-m", "placet.config", "run", role)) for role in ROLES),
    )


def _granian(interface: str, port: int, *more: str) -> tuple[str, ...]:
    words = (sys.executable, "-m", "granian", "--interface", interface, "--host", HOST, "--port", str(port))
    application = "placet.config.wsgi:application" if interface == "wsgi" else "placet.config.asgi:application"
    return (*words, "--workers", "1", "--workers-kill-timeout", "2", "--log-level", "warning", *more, application)
