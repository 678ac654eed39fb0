"""An install of an earlier release: recognised by the names of its tables, and refused before anything is migrated."""

import os
import shlex
from pathlib import Path
from typing import Any, Final

LOG_TABLES: Final = """
SELECT to_regclass('eventlog_event') IS NOT NULL,
       to_regclass('event') IS NOT NULL AND to_regclass('event_position') IS NOT NULL,
       to_regclass('django_migrations') IS NOT NULL
"""
LOG_MIGRATED: Final = "SELECT EXISTS (SELECT FROM django_migrations WHERE app = 'eventlog')"


class InstallTooOld(RuntimeError):
    """No migration leads from the tables of this install to this release's."""

    code: Final = "install_too_old"

    def __init__(self, home: Path) -> None:
        super().__init__(
            "This install was made by an earlier release whose tables cannot be migrated; nothing was changed."
        )
        self.hint = _hint(home)


def refuse_earlier_release(home: Path, cursor: Any) -> None:
    """Read the names of the tables over any cursor. An empty database passes. Raises `InstallTooOld`."""
    cursor.execute(LOG_TABLES)
    has_log, has_old_log, has_migrations = cursor.fetchone()
    if has_log:
        return
    if has_migrations and not has_old_log:
        cursor.execute(LOG_MIGRATED)
        has_old_log = cursor.fetchone()[0]
    if has_old_log:
        raise InstallTooOld(home)


def _hint(home: Path) -> str:
    """Under root the embedded PostgreSQL keeps its data outside the install: both are moved."""
    if os.environ.get("PLACET_DATABASE_URL"):
        return "start again: name an empty database in PLACET_DATABASE_URL, then placet up"
    folders = [home]
    noted = home / "postgres" / "place"
    if noted.exists():
        folders.append(Path(noted.read_text().strip()))
    moves = " && ".join(f"mv {shlex.quote(str(one))} {shlex.quote(f'{one}.old')}" for one in folders)
    return f"move it away and start again: {moves} && placet up"
