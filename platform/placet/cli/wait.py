"""Waiting for what other processes do, from a command's point of view."""

from collections.abc import Callable
from typing import Final

from django.db import connection

from placet.eventlog.polling import Tick, until
from placet.eventlog.projections.runner import PROJECTIONS, position_of
from placet.eventlog.store.log import current_log
from placet.studio.view_model import RunProgress, Told, progress_of, told

FOLD_SECONDS: Final = 5.0

Show = Callable[[Told, RunProgress | None], None]


def follow(generation: str, tick: Tick, seconds: float, show: Show = lambda *_: None) -> Told:
    """Until the generation rests: a draft, or why there is none. Raises `StillWaiting`."""

    def has_ended() -> bool:
        found = told(generation)
        show(found, progress_of(generation))
        return found.has_ended and not (found.state == "draft" and found.is_publication_asked)

    until(has_ended, tick, seconds)
    return told(generation)


def folded(tick: Tick, seconds: float = FOLD_SECONDS) -> None:
    """Until every projection shows what was committed when this was called. Raises `StillWaiting`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM event")
        last = cursor.fetchone()[0]
    until(lambda: _has_position(last), tick, seconds)
    position = current_log().last_position
    until(lambda: all(position_of(name) >= position for name in PROJECTIONS), tick, seconds)


def _has_position(event: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT FROM event_pending WHERE id <= %s)", (event,))
        return bool(cursor.fetchone()[0])
