"""Tailing readers next to the writers: by dense position, and as control by the serial id, which must miss events."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import psycopg

from placet.eventlog.store.sequencer import Sequencer

DRAIN_SECONDS = 30.0
By = Literal["position", "serial"]
QUERIES: dict[By, str] = {
    "position": "SELECT position, id FROM eventlog_event_position WHERE position > %s ORDER BY position LIMIT 5000",
    "serial": "SELECT id, id FROM eventlog_event WHERE id > %s ORDER BY id LIMIT 5000",
}


@dataclass(slots=True)
class Tail:
    """What one reader has seen, in order."""

    by: By
    position: int = 0
    seen: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)

    def step(self, connection: psycopg.Connection[Any]) -> int:
        """Read on from the checkpoint. Returns the number of rows."""
        rows = connection.execute(QUERIES[self.by], (self.position,)).fetchall()
        self.positions += [r[0] for r in rows]
        self.position = rows[-1][0] if rows else self.position
        self.seen += [r[1] for r in rows]
        return len(rows)

    def missed(self, connection: psycopg.Connection[Any]) -> int:
        """How many committed events this reader never saw."""
        ids = {r[0] for r in connection.execute("SELECT id FROM eventlog_event").fetchall()}
        return len(ids - set(self.seen))

    @property
    def is_dense(self) -> bool:
        """Whether its positions were 1, 2, 3, … without a gap."""
        return self.positions == list(range(1, len(self.positions) + 1))


@contextmanager
def following(dsn: str, *ways: By, only_new: bool = False) -> Iterator[dict[By, Tail]]:
    """A sequencer and one tailing reader per kind, in threads, until the writers have ended and all is read."""
    tails = {by: Tail(by, position=_end(dsn, by) if only_new else 0) for by in ways}
    stop = threading.Event()
    threads = [threading.Thread(target=_sequence, args=(dsn, stop)), *(
        threading.Thread(target=_tail, args=(dsn, tail, stop)) for tail in tails.values()
    )]  # fmt: skip
    for thread in threads:
        thread.start()
    try:
        yield tails
        _drain(dsn)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _drain(dsn: str) -> None:
    """Wait until every event has a position and there was time to read it."""
    until = time.monotonic() + DRAIN_SECONDS
    with psycopg.connect(dsn, autocommit=True) as connection:
        while connection.execute("SELECT EXISTS (SELECT FROM eventlog_event_pending)").fetchone() == (True,):
            if time.monotonic() > until:
                break
            time.sleep(0.05)
    time.sleep(1.2)


ENDS: dict[By, str] = {
    "position": "SELECT coalesce(max(position), 0) FROM eventlog_event_position",
    "serial": "SELECT coalesce(max(id), 0) FROM eventlog_event",
}


def _end(dsn: str, by: By) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(ENDS[by]).fetchone()
    return int(row[0]) if row else 0


def _sequence(dsn: str, stop: threading.Event) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        Sequencer(connection).run(stop.is_set)


def _tail(dsn: str, tail: Tail, stop: threading.Event) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        while not stop.is_set():
            if not tail.step(connection):
                time.sleep(0.01)
        while tail.step(connection):
            pass
