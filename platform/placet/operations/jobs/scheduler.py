"""Scheduler: one process that checks every minute which jobs are due."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import psycopg

from placet.eventlog.projections.diff import differences
from placet.eventlog.projections.runner import PROJECTIONS
from placet.eventlog.store.connect import DATABASE_UNAVAILABLE, run_forever
from placet.media.blobs import BlobStore
from placet.operations.jobs.blob_gc import BlobGarbageCollector
from placet.operations.jobs.schedule import begin, end, last_hour, last_night

logger = logging.getLogger(__name__)
POLL_SECONDS: Final = 60.0


@dataclass(slots=True)
class Scheduler:
    """`connect` opens a new autocommit connection."""

    connect: Callable[[], psycopg.Connection[Any]]
    store: BlobStore
    sweeper: BlobGarbageCollector = field(init=False)

    def __post_init__(self) -> None:
        self.sweeper = BlobGarbageCollector(self.store)

    def run(self, stop: threading.Event) -> None:
        """Until stopped. A job that fails is logged, and runs again when it is next due."""

        def run_due_jobs(connection: psycopg.Connection[Any]) -> None:
            while not stop.is_set():
                self.run_due(connection, datetime.now(UTC))
                stop.wait(POLL_SECONDS)

        run_forever("scheduler", self.connect, run_due_jobs, stop)

    def run_due(self, connection: psycopg.Connection[Any], now: datetime) -> list[str]:
        """Run the jobs that are due. Returns the names of those that succeeded."""
        due = (
            ("blob_gc", last_hour(now), lambda: self.sweeper.sweep(connection)),
            ("check_projections", last_night(now), lambda: check_all_projections(connection)),
        )
        return [name for name, before, do in due if begin(connection, name, before) and _done(connection, name, do)]


def check_all_projections(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """Compare every projection with a replay of the log: the number of rows that differ, where any do."""
    found = {target.name: len(differences(target, connection)) for target in PROJECTIONS.values()}
    return {"differences": {name: count for name, count in found.items() if count}, "compared": sorted(found)}


def _done(connection: psycopg.Connection[Any], name: str, do: Callable[[], Mapping[str, Any]]) -> bool:
    try:
        outcome = do()
    except DATABASE_UNAVAILABLE:
        raise
    except Exception:
        logger.exception("job %s failed", name)
        return False
    end(connection, name, outcome)
    return True
