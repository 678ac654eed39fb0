"""Connection strings: from `PLACET_DATABASE_URL`, or from the file that the embedded PostgreSQL wrote."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from placet.runtime.install.paths import read_secret

ROLES: Final = {"app": "placet_app", "owner": "placet_owner", "admin": "placet_admin"}
DJANGO_NAMES: Final = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


def dsn_file(home: Path) -> Path:
    return home / "postgres" / "dsn"


def dsn(home: Path, role: str = "app") -> str:
    """The connection string of a role (`app`, `owner`, `admin`). Reads files only; the server need not run.

    A site with its own PostgreSQL sets `PLACET_DATABASE_URL` and `PLACET_MIGRATION_DATABASE_URL` (for migrations): each
    is a URL (`postgresql://user:password@host:port/database?sslmode=require`) or libpq's `key=value` form.
    """
    given = os.environ.get("PLACET_DATABASE_URL")
    if given and role != "app":
        return os.environ.get("PLACET_MIGRATION_DATABASE_URL", given)
    return given or _embedded(home, role)


def _embedded(home: Path, role: str) -> str:
    try:
        address = dsn_file(home).read_text().strip()
    except FileNotFoundError:
        address = make_conninfo(host=str(home / "postgres" / "never-started"), dbname="placet")
    return make_conninfo(address, user=ROLES[role], password=read_secret(home, f"postgres-{role}.secret"))


KEEPALIVE: Final = {
    "connect_timeout": "10",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""A lost connection is noticed within about ten seconds. By default TCP takes a quarter of an hour."""


def django_database(conninfo: str) -> dict[str, Any]:
    """Django's settings for a connection string. Connections are kept; READ COMMITTED is PostgreSQL's own default."""
    parts: Mapping[str, Any] = conninfo_to_dict(conninfo)
    known = {DJANGO_NAMES[name]: str(value) for name, value in parts.items() if name in DJANGO_NAMES}
    options = {name: value for name, value in parts.items() if name not in DJANGO_NAMES}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "application_name": f"placet-{os.environ.get('PLACET_PROCESS', 'command')}",
            **KEEPALIVE,
            **options,
        },
        **known,
    }
