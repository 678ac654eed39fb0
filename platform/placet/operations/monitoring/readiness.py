"""Readiness: what this install still needs before it can serve every request."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from placet.eventlog.projections.freshness import is_stale
from placet.eventlog.projections.runner import PROJECTIONS
from placet.eventlog.store.connect import DATABASE_UNAVAILABLE


def missing() -> list[str]:
    """Empty when ready: PostgreSQL answers, all migrations are applied, and no projection is over 5 s behind."""
    try:
        if not _is_migrated():
            return ["migrations"]
        return [f"projection {name}" for name in PROJECTIONS if is_stale(name)]
    except DATABASE_UNAVAILABLE:
        connection.close()
        return ["database"]


def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
