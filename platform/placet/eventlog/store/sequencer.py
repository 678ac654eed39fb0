"""Sequencer: gives committed events dense positions 1, 2, 3, … under one transaction-level advisory lock.

An event that commits late gets a later position: there are no gaps to detect, no event is missed. Within a stream
positions follow the versions: an event's id is drawn while its predecessor is visible.
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
MAX_BATCH: Final = 5_000
CHANNEL: Final = "placet_positions"
GATHER_SECONDS: Final = 0.025
MAX_GATHER_SECONDS: Final = 0.06
FULL_PASS_INTERVAL_SECONDS: Final = 0.5
MAX_FULL_PASS_INTERVAL_SECONDS: Final = 30.0
FULL_PASS_SHARE: Final = 200
"""Full passes take at most 1/200 of the time: under a long snapshot they read all its dead rows."""
MARKS: Final = 1_000

NUMBER: Final = """
WITH first AS MATERIALIZED (SELECT min(id) AS id FROM eventlog_event_pending WHERE id > %(low)s),
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
           WHERE earlier.id <= %(low)s
       ),
       (SELECT max(id) FROM eventlog_event_pending WHERE id >= (SELECT id FROM first) + %(at_most)s) IS NOT NULL,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""
"""The plan is cached, and made while tables are small or almost empty; a plain join would then join large tables whole.

So `OFFSET 0` forces a lookup per row, and pending events are taken by a range of ids: read once under any plan. Not
every id belongs to an event, so a range may hold fewer than `at_most`.
"""


class _Overtaken(Exception):
    """A pass met an event whose predecessor committed late, below where it began: roll back, do a full pass."""


class Sequencer:
    """Numbers committed events. Any process may run one: the lock lets one pass at a time through.

    A numbered row is dead, and cannot be vacuumed under a long snapshot: a full pass would read all of them. So a pass
    begins at `low`, below which no event can appear any more. Every transaction that drew an id up to the last one
    numbered in a pass had begun by then. Once the oldest writing transaction is younger than that pass, all of them
    have ended, and the pass that observes this has numbered their events. Readers, however old, hold nothing back.

    One gap is left: an id is drawn a moment before its transaction is known as a writer. Full passes close it, twice a
    second while they cost nothing, and an event whose successor is visible is numbered at once.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.low = 0
        self._last_id = 0
        self._left_some = False
        """Whether the last pass saw more than it numbered."""
        self._took = 0.0
        """Seconds of the last pass; 0 for a full pass, whose time shows dead rows, not load."""
        self._marks: deque[tuple[int, int]] = deque()
        """(last id numbered, first transaction that had not begun then), oldest first."""
        self._full_pass_due = 0.0

    def run_once(self) -> int:
        """Do one pass. Returns how many events got a position."""
        begun = time.monotonic()
        if begun < self._full_pass_due:
            try:
                return self._pass(self.low)
            except _Overtaken:
                begun = time.monotonic()
        count = self._pass(0)
        cost = time.monotonic() - begun
        pause = min(max(FULL_PASS_INTERVAL_SECONDS, FULL_PASS_SHARE * cost), MAX_FULL_PASS_INTERVAL_SECONDS)
        self._full_pass_due = time.monotonic() + (FULL_PASS_INTERVAL_SECONDS if self._left_some else pause)
        return count

    def _pass(self, low: int) -> int:
        begun = time.monotonic()
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,), prepare=True)
            cursor.execute(NUMBER, {"low": low, "at_most": MAX_BATCH}, prepare=True)
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
        self._advance_low(last_id, oldest, following)
        return int(count)

    def _advance_low(self, last_id: int, oldest: int, following: int) -> None:
        """After a pass: it numbered all that it saw up to `last_id`, or all it saw unless it left some.

        `oldest`: the first writing transaction that has not ended.
        """
        while self._marks and self._marks[0][1] <= oldest and (self._marks[0][0] <= last_id or not self._left_some):
            self.low = self._marks.popleft()[0]
        if last_id > self._last_id and len(self._marks) < MARKS:
            self._last_id = last_id
            self._marks.append((last_id, following))

    def run(self, should_stop: Callable[[], bool], idle_seconds: float = 0.04) -> None:
        """Do passes until stopped. The pauses let events gather: a pass costs a commit and wakes all readers."""
        pause = GATHER_SECONDS
        while not should_stop():
            count = self.run_once()
            if not self._left_some:
                time.sleep(pause_after(self._took, pause, MAX_GATHER_SECONDS))
            pause = GATHER_SECONDS if count else min(pause * 1.5, idle_seconds)
