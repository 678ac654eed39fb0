"""Attach a process that started before the install: it reads keys, database and address again."""

from pathlib import Path

from django.conf import settings
from django.db import connections

from placet.runtime.install.paths import read_secret
from placet.runtime.postgres.dsn import django_database, dsn
from placet.runtime.supervisor.state import SupervisorState


def attach_to(home: Path, state: SupervisorState) -> None:
    """From now on this process signs, reads and writes as the running install does."""
    settings.PLACET_ORIGIN = state.origin
    settings.SECRET_KEY = read_secret(home, "django.secret") or settings.SECRET_KEY
    connections["default"].close()
    connections.settings["default"].update(django_database(dsn(home)))
