"""Dense positions for committed events: 1, 2, 3, … in one pass, under one transaction-level advisory lock.

What commits late gets a later position, so there are no gaps to detect and nothing to lose. Within a stream the order
of versions is kept: an event's id is drawn while its predecessor is visible.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import psycopg

from placet.eventlog.consumers.pacing import pause_after
from placet.eventlog.failpoints import failpoint

LOCK_KEY: Final = 0x706C61636574
"""'placet' in ASCII."""
AT_MOST: Final = 5_000
CHANNEL: Final = "placet_positions"
GATHER_SECONDS: Final = 0.025
GATHER_AT_MOST_SECONDS: Final = 0.06
WHOLE_EVERY_SECONDS: Final = 0.5
WHOLE_AT_MOST_EVERY_SECONDS: Final = 30.0
WHOLE_SHARE: Final = 200
"""Passes from the beginning take at most this part of the time: under a long snapshot they meet all its dead rows."""
MARKS: Final = 1_000

NUMBER: Final = """
WITH first AS MATERIALIZED (SELECT min(id) AS id FROM eventlog_event_pending WHERE id > %(floor)s),
taken AS (
    DELETE FROM eventlog_event_pending
    WHERE id >= (SELECT id FROM first) AND id < (SELECT id FROM first) + %(at_most)s
    RETURNING id
), last AS (SELECT coalesce(max(position), 0) AS position FROM eventlog_event_position),
numbered AS (
    INSERT INTO eventlog_event_position (position, id)
    SELECT last.position + row_number() OVER (ORDER BY taken.id), taken.id FROM taken, last
    RETURNING position, id
)
SELECT (SELECT count(*) FROM numbered),
       (SELECT coalesce(max(position), 0) FROM numbered),
       (SELECT coalesce(max(id), 0) FROM numbered),
       EXISTS (
           SELECT FROM taken,
               LATERAL (SELECT stream, version - 1 AS version FROM eventlog_event WHERE id = taken.id OFFSET 0) before,
               LATERAL (
                   SELECT id FROM eventlog_event WHERE stream = before.stream AND version = before.version OFFSET 0
               ) earlier,
               LATERAL (SELECT FROM eventlog_event_pending WHERE id = earlier.id OFFSET 0) waiting
           WHERE earlier.id <= %(floor)s
       ),
       (SELECT max(id) FROM eventlog_event_pending WHERE id >= (SELECT id FROM first) + %(at_most)s) IS NOT NULL,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""
"""A plan is kept, and made for tables that are small or all but empty: joined plainly, large ones were joined whole.

So `OFFSET 0` looks row by row, and what waits is taken by a range of ids: read once, whatever the plan. Not every id is
of an event, so a range may hold fewer than `at_most`.
"""


class _Overtaken(Exception):
    """A pass above the floor met an event whose predecessor committed late, below it: undo, begin at the beginning."""


class Sequencer:
    """Numbers what has been committed. Any process may run one: the lock lets one pass at a time through.

    A numbered row is dead, and under a long snapshot it may not be vacuumed: a pass from the beginning would meet all
    of them. So a pass begins at `low`, below which nothing can appear any more. Whoever drew an id up to the last one
    numbered at some pass had begun by then; once the oldest transaction that writes is younger than that pass, all of
    them have ended, and the pass that sees it has met what they left. Readers, however old, hold nothing back.

    One gap is left: an id is drawn a moment before its transaction is known as one that writes. Passes from the
    beginning close it, twice a second while they cost nothing, and an event whose successor shows is met at once.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.low = 0
        self._last_id = 0
        self._left_some = False
        """Whether the last pass saw more than it took."""
        self._took = 0.0
        """Seconds of the last pass; of one from the beginning none, for they would tell of dead rows, not of load."""
        self._marks: deque[tuple[int, int]] = deque()
        """(the last id numbered, the first transaction that had not begun then), oldest first."""
        self._whole_due = 0.0

    def run_once(self) -> int:
        """One pass. Answers how many events got a position."""
        begun = time.monotonic()
        if begun < self._whole_due:
            try:
                return self._pass(self.low)
            except _Overtaken:
                begun = time.monotonic()
        count = self._pass(0)
        cost = time.monotonic() - begun
        pause = min(max(WHOLE_EVERY_SECONDS, WHOLE_SHARE * cost), WHOLE_AT_MOST_EVERY_SECONDS)
        self._whole_due = time.monotonic() + (WHOLE_EVERY_SECONDS if self._left_some else pause)
        return count

    def _pass(self, low: int) -> int:
        begun = time.monotonic()
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,), prepare=True)
            cursor.execute(NUMBER, {"floor": low, "at_most": AT_MOST}, prepare=True)
            row = cursor.fetchone()
            assert row is not None
            count, position, last_id, is_overtaken, left_some, oldest, following = row
            if is_overtaken:
                raise _Overtaken
            if count:
                failpoint("sequencer.numbered")
                cursor.execute("SELECT pg_notify(%s, %s)", (CHANNEL, str(position)), prepare=True)
        if count:
            failpoint("sequencer.committed")
        self._left_some = left_some
        self._took = time.monotonic() - begun if low else 0.0
        self._raise_low(last_id, oldest, following)
        return int(count)

    def _raise_low(self, last_id: int, oldest: int, following: int) -> None:
        """After a pass: it left nothing that it saw up to `last_id`, and nothing at all unless it left some.

        `oldest`: the first transaction that writes and has not ended.
        """
        while self._marks and self._marks[0][1] <= oldest and (self._marks[0][0] <= last_id or not self._left_some):
            self.low = self._marks.popleft()[0]
        if last_id > self._last_id and len(self._marks) < MARKS:
            self._last_id = last_id
            self._marks.append((last_id, following))

    def run(self, should_stop: Callable[[], bool], idle_seconds: float = 0.04) -> None:
        """Passes until asked to stop. Between two events gather: a pass costs a commit, and wakes who reads the log."""
        rest = GATHER_SECONDS
        while not should_stop():
            count = self.run_once()
            if not self._left_some:
                time.sleep(pause_after(self._took, rest, GATHER_AT_MOST_SECONDS))
            rest = GATHER_SECONDS if count else min(rest * 1.5, idle_seconds)
