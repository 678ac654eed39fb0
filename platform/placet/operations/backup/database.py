"""Database access for backup and restore: the running install's, or its PostgreSQL alone for the time of a block."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from django.core.management import call_command
from django.db import connections

from placet.runtime.postgres.dsn import django_database, dsn
from placet.runtime.postgres.server import running_postgres
from placet.runtime.supervisor.state import read_state


@contextmanager
def database(home: Path, *, alone: bool = False) -> Iterator[None]:
    """Django connects to it. `alone`: no other process may be running it. Raises `PostgresUnavailable`."""
    is_there = bool(os.environ.get("PLACET_DATABASE_URL")) or (not alone and read_state(home) is not None)
    with nullcontext() if is_there else running_postgres(home):
        point_at(dsn(home))
        yield
        connections["default"].close()


def make_tables(home: Path) -> None:
    """Create or migrate the tables to this release."""
    point_at(dsn(home, "owner"))
    call_command("migrate", verbosity=0, interactive=False)
    point_at(dsn(home))


def point_at(conninfo: str) -> None:
    """From now on, in every thread."""
    connections["default"].close()
    connections.settings["default"].update(django_database(conninfo))
