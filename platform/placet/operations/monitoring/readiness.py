"""What this install still needs before it can answer in full."""

from typing import Final

import psycopg
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from placet.eventlog.projections.freshness import is_stale
from placet.eventlog.projections.runner import PROJECTIONS

AWAY: Final = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)


def missing() -> list[str]:
    """Empty when ready: the database answers, its migrations are applied, no projection is over 5 s behind."""
    try:
        if not _is_migrated():
            return ["migrations"]
        return [f"projection {name}" for name in PROJECTIONS if is_stale(name)]
    except AWAY:
        connection.close()
        return ["database"]


def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
