"""Dense positions for committed events: 1, 2, 3, … in one pass, under one transaction-level advisory lock.

What commits late gets a later position, so there are no gaps to detect and nothing to lose. Within a stream the order
of versions is kept: an event's id is drawn while its predecessor is visible.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import psycopg

from placet.eventlog.crash import crash_point

LOCK_KEY: Final = 0x706C61636574
"""'placet' in ASCII."""
AT_MOST: Final = 5_000
CHANNEL: Final = "placet_positions"
GATHER_SECONDS: Final = 0.02
FROM_THE_BEGINNING_EVERY_SECONDS: Final = 0.5

NUMBER: Final = """
WITH taken AS (
    DELETE FROM event_pending
    WHERE id IN (SELECT id FROM event_pending WHERE id > %(floor)s ORDER BY id LIMIT %(at_most)s)
    RETURNING id
), last AS (SELECT coalesce(max(position), 0) AS position FROM event_position),
numbered AS (
    INSERT INTO event_position (position, id)
    SELECT last.position + row_number() OVER (ORDER BY taken.id), taken.id FROM taken, last
    RETURNING position, id
)
SELECT (SELECT count(*) FROM numbered),
       (SELECT coalesce(max(position), 0) FROM numbered),
       (SELECT coalesce(max(id), 0) FROM numbered),
       EXISTS (
           SELECT FROM taken JOIN event e USING (id)
           JOIN event earlier ON earlier.stream = e.stream AND earlier.version = e.version - 1
           JOIN event_pending waiting ON waiting.id = earlier.id
           WHERE earlier.id <= %(floor)s
       )
"""


class _Overtaken(Exception):
    """A pass above the floor met an event whose predecessor committed late, below it: undo, begin at the beginning."""


class Sequencer:
    """Numbers what has been committed. Any process may run one: the lock lets one pass at a time through."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.floor = 0
        self._swept_at = 0.0

    def run_once(self) -> int:
        """One pass. Answers how many events got a position.

        Rows below the last numbered id are dead but may not be vacuumed yet, so a pass starts above it; what commits
        late with a lower id is met by the pass from the beginning, twice a second, or as soon as its successor shows.
        """
        now = time.monotonic()
        if now - self._swept_at >= FROM_THE_BEGINNING_EVERY_SECONDS:
            self.floor, self._swept_at = 0, now
        try:
            return self._pass()
        except _Overtaken:
            self.floor = 0
            return self._pass()

    def _pass(self) -> int:
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,), prepare=True)
            cursor.execute(NUMBER, {"floor": self.floor, "at_most": AT_MOST}, prepare=True)
            count, position, last_id, is_overtaken = cursor.fetchone() or (0, 0, 0, False)
            if is_overtaken:
                raise _Overtaken
            if count:
                crash_point("sequencer.numbered")
                cursor.execute("SELECT pg_notify(%s, %s)", (CHANNEL, str(position)), prepare=True)
        if count:
            crash_point("sequencer.committed")
        self.floor = max(self.floor, last_id)
        return int(count)

    def run(self, should_stop: Callable[[], bool], idle_seconds: float = 0.04) -> None:
        """Passes until asked to stop. Between two passes events gather for a moment: a pass costs a commit."""
        rest = GATHER_SECONDS
        while not should_stop():
            count = self.run_once()
            if count < AT_MOST:
                time.sleep(rest)
            rest = GATHER_SECONDS if count else min(rest * 1.5, idle_seconds)
