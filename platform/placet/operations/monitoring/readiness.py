"""Readiness: what this install still lacks before it can serve everything."""

from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from placet.eventlog.projections.freshness import is_stale
from placet.eventlog.projections.runner import PROJECTIONS
from placet.eventlog.store.connect import DATABASE_UNAVAILABLE
from placet.operations.monitoring.alerts import Alert


@dataclass(frozen=True, slots=True)
class MissingRequirement:
    """One reason why this install is not ready. `runbook_url` is empty where no alert has the same code."""

    code: str
    message: str
    hint: str
    runbook_url: str = ""


MIGRATIONS: Final = MissingRequirement("migrations_missing", "Migrations are not applied.", "placet migrate")
DATABASE: Final = MissingRequirement("database_unavailable", "The database does not answer.", "placet up")


def missing() -> list[MissingRequirement]:
    """Empty when ready: the database answers, its migrations are applied, no projection is over 5 s behind."""
    try:
        if not _is_migrated():
            return [MIGRATIONS]
        return [_stale(name) for name in PROJECTIONS if is_stale(name)]
    except DATABASE_UNAVAILABLE:
        connection.close()
        return [DATABASE]


def _stale(name: str) -> MissingRequirement:
    alert = Alert("projection_lagging", f"Projection {name} is over 5 s behind.", f"placet check-projections {name}")
    return MissingRequirement(**alert.to_json())


def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
