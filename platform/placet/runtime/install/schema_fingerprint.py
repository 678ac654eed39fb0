"""Whether tables and seed data match this code: a second start finds out without loading Django.

The fingerprint is a comment on the database itself: a restored one has none and is prepared again.
"""

import hashlib
import importlib.util
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

PACKAGES: Final = ("placet", "moderation", "provenance", "generator")
PATTERNS: Final = ("**/migrations/*.py", "**/projections.py", "cli/seed.py", "config/settings.py")


def fingerprint() -> str:
    """Of everything that `placet bootstrap` reads."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in _files_of(package):
            digest.update(f"{package}/{path.name}\n".encode() + path.read_bytes())
    return f"prepared {digest.hexdigest()}"


def is_prepared(admin_dsn: str, mark: str) -> bool:
    with psycopg.connect(admin_dsn) as connection:
        query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        row = connection.execute(query).fetchone()
    return row is not None and row[0] == mark


def note_prepared(admin_dsn: str, mark: str) -> None:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(name, sql.Literal(mark)))


def _files_of(package: str) -> list[Path]:
    found = importlib.util.find_spec(package)
    roots = [Path(root) for root in (found.submodule_search_locations or [])] if found else []
    return sorted(path for root in roots for pattern in PATTERNS for path in root.glob(pattern))
