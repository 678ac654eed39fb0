"""Waiting, in a command, for what other processes do."""

from collections.abc import Callable
from typing import Final

from django.db import connection

from placet.eventlog.polling import Tick, wait_until
from placet.eventlog.projections.runner import PROJECTIONS, position_of
from placet.eventlog.store.log import current_log
from placet.studio.view_model import GenerationView, JobProgress, generation_view, progress_of

FOLD_SECONDS: Final = 5.0

Show = Callable[[GenerationView, JobProgress | None], None]


def wait_until_ended(generation: str, tick: Tick, seconds: float, show: Show = lambda *_: None) -> GenerationView:
    """Wait until the generation is a draft or has ended otherwise. Raises `WaitTimedOut`."""

    def has_ended() -> bool:
        found = generation_view(generation)
        show(found, progress_of(generation))
        return found.has_ended and not (found.state == "draft" and found.is_publication_requested)

    wait_until(has_ended, tick, seconds)
    return generation_view(generation)


def wait_until_projected(tick: Tick, seconds: float = FOLD_SECONDS) -> None:
    """Wait until every projection shows what was committed before this call. Raises `WaitTimedOut`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM eventlog_event")
        last = cursor.fetchone()[0]
    wait_until(lambda: _has_position(last), tick, seconds)
    position = current_log().last_position
    wait_until(lambda: all(position_of(name) >= position for name in PROJECTIONS), tick, seconds)


def _has_position(event: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT FROM eventlog_event_pending WHERE id <= %s)", (event,))
        return bool(cursor.fetchone()[0])
