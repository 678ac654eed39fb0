"""Free ports on the loopback."""

import os
import socket
from collections.abc import Iterable
from typing import Final

from placet.runtime.kafka.broker import is_wanted
from placet.runtime.supervisor.process_table import HOST, Ports

FIRST: Final = int(os.environ.get("PLACET_PORT", "8000"))
TRIES: Final = 200


class NoFreePort(OSError):
    """Every port that was tried is taken. Choose another with `placet up --port`."""


def choose(first: int = FIRST) -> Ports:
    """The first free port from `first` on for the pages, the next free ones for the rest. Raises `NoFreePort`."""
    web = next_free(first)
    live = next_free(web + 1)
    if not is_wanted():
        return Ports(web, live)
    broker = next_free(live + 1)
    return Ports(web, live, broker, next_free(broker + 1))


def next_free(first: int) -> int:
    for port in _candidates(first):
        if is_free(port):
            return port
    raise NoFreePort(f"No port from {first} to {first + TRIES - 1} is free.")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _candidates(first: int) -> Iterable[int]:
    return range(first, min(first + TRIES, 65536))
