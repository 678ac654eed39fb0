"""A migrated database of the benchmark's own, in this install's PostgreSQL; dropped at the end."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connections
from psycopg.conninfo import make_conninfo

from placet.operations.install import install
from placet.runtime.install.paths import make_secret
from placet.runtime.kafka.running import running_broker
from placet.runtime.postgres.dsn import ROLES, django_database
from placet.runtime.postgres.roles import drop_database, prepare_database
from placet.runtime.postgres.server import Postgres
from placet.runtime.supervisor.state import read_state


@contextmanager
def bench_database(home: Path) -> Iterator[str]:
    """The DSN of the application's role; Django's default connection uses it too."""
    install(home)
    server, name = Postgres(home), f"placet_bench_{os.getpid()}"
    is_ours = read_state(home) is None
    if is_ours:
        server.start()
    try:
        prepare_database(server.admin_dsn(), name)
        try:
            _migrate(home, _dsn(server, home, name, "owner"))
            dsn = _dsn(server, home, name, "app")
            connections.settings["default"].update(django_database(dsn))
            yield dsn
        finally:
            connections.close_all()
            drop_database(server.admin_dsn(), name)
    finally:
        if is_ours:
            server.stop()


def as_owner(home: Path, dsn: str) -> str:
    """The same database as the role that owns its tables."""
    return make_conninfo(dsn, user=ROLES["owner"], password=make_secret(home, "postgres-owner.secret"))


@contextmanager
def bench_broker(home: Path) -> Iterator[str]:
    """The configured brokers, or one for the time of the block."""
    if given := os.environ.get("PLACET_KAFKA_BOOTSTRAP_SERVERS"):
        yield given
        return
    with running_broker(home / "bench") as running:
        yield running.broker.address


def _dsn(server: Postgres, home: Path, name: str, role: str) -> str:
    password = make_secret(home, f"postgres-{role}.secret")
    return make_conninfo(server.admin_dsn(), dbname=name, user=ROLES[role], password=password)


def _migrate(home: Path, dsn: str) -> None:
    environment = {**os.environ, "PLACET_DATA_DIR": str(home), "PLACET_DATABASE_URL": dsn}
    words = [sys.executable, "-m", "placet", "migrate", "--no-input", "--verbosity", "0", "--skip-checks"]
    subprocess.run(words, env=environment, check=True)
