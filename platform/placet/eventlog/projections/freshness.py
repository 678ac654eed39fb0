"""Freshness: wait until a projection has reached a position, or raise that it lags."""

from typing import Any, Final

from django.db import connection

from placet.eventlog.polling import WaitTimedOut, pause, wait_until
from placet.eventlog.projections.runner import PROJECTIONS, position_of

WAIT_SECONDS: Final = 5.0
POLL_SECONDS: Final = 0.005


class ProjectionLagging(RuntimeError):
    """A projection has not reached the required position. Try again; `placet status` shows the lag."""


def wait_until_applied(projection: str, position: int, seconds: float = WAIT_SECONDS) -> None:
    """Wait until the projection has reached `position`. Raises `ProjectionLagging`."""
    try:
        wait_until(lambda: position_of(projection) >= position, lambda: pause(POLL_SECONDS), seconds)
    except WaitTimedOut:
        raise ProjectionLagging(f"projection {projection} has not reached position {position}") from None


STALE: Final = """
SELECT EXISTS (
    SELECT FROM (SELECT id FROM eventlog_event_pending ORDER BY id LIMIT 1) p JOIN eventlog_event e USING (id)
    WHERE abs(extract(epoch FROM clock_timestamp() - e.recorded_at)) > %(seconds)s
) OR EXISTS (
    SELECT FROM eventlog_event_position p JOIN eventlog_event e USING (id)
    WHERE p.position = %(next)s AND abs(extract(epoch FROM clock_timestamp() - e.recorded_at)) > %(seconds)s
) OR EXISTS (SELECT FROM eventlog_dead_letter WHERE stream = %(stream)s)
OR EXISTS (
    SELECT FROM eventlog_checkpoint WHERE name = %(name)s AND topic = '' AND partition = 0 AND version <> %(version)s
)
"""


def is_stale(projection: str, stream: str = "") -> bool:
    """Whether an event older than 5 s is not applied, the stream has dead letters, or the rows have another version.

    Then nothing may be shown. An event recorded in the future counts as old: a clock was wrong.
    """
    parameters: dict[str, Any] = {
        "next": position_of(projection) + 1,
        "stream": stream,
        "seconds": WAIT_SECONDS,
        "name": projection,
        "version": PROJECTIONS[projection].version,
    }
    with connection.cursor() as cursor:
        cursor.execute(STALE, parameters)
        return bool(cursor.fetchone()[0])
