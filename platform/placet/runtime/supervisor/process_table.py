"""The table of child processes, in the order in which they start. PostgreSQL starts before them all."""

import os
import sys
from dataclasses import dataclass
from typing import Final

from placet.runtime.kafka.broker import Broker
from placet.runtime.supervisor.state import EMBEDDED

HOST: Final = "127.0.0.1"
ROLES: Final = (
    "sequencer",  # assigns positions, then runs projections
    "consumers",  # all other consumers, and the outbox
    "model-consumers",  # consumers that need a model: this process holds the models
    "generator",  # renders clips
    "scheduler",  # periodic jobs
)
CARRIERS: Final = ("relay",)
"""Publish the log to Kafka, when Kafka is the transport."""


@dataclass(frozen=True)
class Ports:
    """`broker` and `controller` are 0 where no broker of our own runs."""

    web: int
    live: int
    broker: int = 0
    controller: int = 0


@dataclass(frozen=True)
class Child:
    """One child process: its role is its log file, its `PLACET_PROCESS` and its row in the state file."""

    role: str
    words: tuple[str, ...]


def children(ports: Ports, broker: Broker | None = None) -> tuple[Child, ...]:
    """Everything that `make up` runs in addition to PostgreSQL."""
    return (
        Child("web", _granian("wsgi", ports.web, "--blocking-threads", "4", "--backpressure", "64", "--no-ws")),
        Child("live", _granian("asginl", ports.live, "--no-ws")),
        *([Child("broker", broker.words())] if broker else []),
        *(
            Child(role, (sys.executable, "-m", "placet", "serve", role))
            for role in role_names(os.environ.get("PLACET_TRANSPORT", EMBEDDED))
        ),
    )


def role_names(transport: str) -> tuple[str, ...]:
    """The worker roles of an install with this transport."""
    return (*ROLES, *CARRIERS) if transport == "kafka" else ROLES


def _granian(interface: str, port: int, *more: str) -> tuple[str, ...]:
    words = (sys.executable, "-m", "granian", "--interface", interface, "--host", HOST, "--port", str(port))
    application = "placet.web.wsgi:application" if interface == "wsgi" else "placet.web.asgi:application"
    return (*words, "--workers", "1", "--workers-kill-timeout", "2", "--log-level", "warning", *more, application)
