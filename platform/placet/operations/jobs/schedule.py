"""Job schedule: the process that updates a job's row runs it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg

NIGHT_HOUR_UTC: Final = 3
FIRST: Final = """
INSERT INTO eventlog_job_run (name, begun_at, outcome) VALUES (%s, clock_timestamp(), '{}') ON CONFLICT DO NOTHING
"""
BEGIN: Final = """
UPDATE eventlog_job_run SET begun_at = clock_timestamp()
WHERE name = %s AND begun_at NOT BETWEEN %s AND clock_timestamp() RETURNING name
"""
END: Final = "UPDATE eventlog_job_run SET ended_at = clock_timestamp(), outcome = %s WHERE name = %s"


def last_hour(now: datetime) -> datetime:
    """An hourly job is due if it last began before this moment."""
    return now - timedelta(hours=1)


def last_night(now: datetime) -> datetime:
    """A nightly job is due if it last began before this moment."""
    night = now.astimezone(UTC).replace(hour=NIGHT_HOUR_UTC, minute=0, second=0, microsecond=0)
    return night if night <= now else night - timedelta(days=1)


def begin(connection: psycopg.Connection[Any], name: str, before: datetime) -> bool:
    """Claim a job that last began before a moment, or in the future (a clock was wrong then).

    A job that has no row yet counts as just begun.
    """
    connection.execute(FIRST, (name,))
    return connection.execute(BEGIN, (name, before)).fetchone() is not None


def end(connection: psycopg.Connection[Any], name: str, outcome: Mapping[str, Any]) -> None:
    """Record the outcome of a job that succeeded."""
    connection.execute(END, (json.dumps(outcome), name))
