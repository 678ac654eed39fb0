"""From commit to position: at 1,000 events per second, and again while another session keeps a snapshot open."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from placet.devtools.benchmarks.eventlog.entry import TEXT, EntryNoted
from placet.devtools.benchmarks.eventlog.row import Row, median, percentile
from placet.eventlog.store.log import EventLog
from placet.eventlog.store.sequencer import CHANNEL, Sequencer

RATE: Final = 1_000
WRITERS: Final = 4
GOAL: Final = "p99 < 100 ms"
ProgressCallback = Callable[[str], None]


def sequence_rows(
    dsn: str, seconds: float, snapshot_seconds: float, aged_events: int, report: ProgressCallback
) -> list[Row]:
    """Quiet, then during an open REPEATABLE READ transaction, such as a backup's, and during an old one.

    `aged_events` are sequenced under the old one first: dead rows that cannot be vacuumed, 300,000 after five minutes.
    """
    report(f"{RATE} events/s for {seconds:g} s")
    quiet = _measured(dsn, seconds)
    report(f"{RATE} events/s for {snapshot_seconds:g} s, with an open snapshot")
    with _snapshot(dsn):
        held = _measured(dsn, snapshot_seconds)
        report(f"the same, after {aged_events:,} events under that snapshot")
        _age(dsn, aged_events)
        aged = _measured(dsn, seconds)
    return [
        _row("commit to position", quiet),
        _row(f"the same, a snapshot held for {snapshot_seconds:g} s", held),
        _row(f"the same, {aged_events:,} events into that snapshot", aged),
    ]


def _age(dsn: str, events: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        log, sequencer = EventLog(connection), Sequencer(connection)
        for _ in range(events // 500):
            log.append(f"bench-{uuid.uuid4()}", [EntryNoted(TEXT)] * 500, expected=0)
            sequencer.run_once()
        while sequencer.run_once():
            pass


def _row(case: str, found: tuple[list[float], float, int]) -> Row:
    waits, rate, lost = found
    p99 = percentile(waits, 0.99)
    note = f"p50 {median(waits):.1f} ms, p99 {p99:.1f} ms, slowest {max(waits):.1f} ms, {rate:.0f} events/s"
    return Row(
        case, round(p99, 1), "ms", GOAL, judged=True, lost=lost, p95_ms=round(percentile(waits, 0.95), 1), note=note
    )


def _measured(dsn: str, seconds: float) -> tuple[list[float], float, int]:
    """Milliseconds from the commit to the notification of its position; the rate; events without a position."""
    committed: dict[str, float] = {}
    stop, ended = threading.Event(), threading.Event()
    numbered: list[tuple[float, int]] = []
    begin = _last(dsn)
    helpers = [
        threading.Thread(target=_sequence, args=(dsn, ended)),
        threading.Thread(target=_listen, args=(dsn, ended, numbered)),
    ]
    writers = [threading.Thread(target=_write, args=(dsn, stop, committed)) for _ in range(WRITERS)]
    for thread in helpers:
        thread.start()
    time.sleep(1.0)  # let the sequencer start: its first pass reads from the beginning
    for thread in writers:
        thread.start()
    begun = time.perf_counter()
    time.sleep(seconds)
    stop.set()
    for thread in writers:
        thread.join()
    took = time.perf_counter() - begun
    time.sleep(1.0)
    ended.set()
    for thread in helpers:
        thread.join()
    return _waits(dsn, begin, committed, numbered), len(committed) / took, _lost(dsn)


def _waits(dsn: str, begin: int, committed: dict[str, float], numbered: list[tuple[float, int]]) -> list[float]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT p.position, e.event_id::text FROM eventlog_event_position p JOIN eventlog_event e USING (id)"
            " WHERE p.position > %s ORDER BY 1",
            (begin,),
        ).fetchall()
    passes, at, waits = iter(numbered), (0.0, 0), []
    for position, event_id in rows:
        while at[1] < position:
            at = next(passes, (time.perf_counter(), position))
        if event_id in committed:
            waits.append(max(0.0, (at[0] - committed[event_id]) * 1000))
    return waits


def _write(dsn: str, stop: threading.Event, committed: dict[str, float]) -> None:
    """An open loop: a slow answer does not slow down the schedule."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        log, due, number = EventLog(connection), time.perf_counter(), 0
        while not stop.is_set():
            stream = f"bench-{uuid.uuid4()}"
            appended = log.append(stream, [EntryNoted(TEXT)], expected=0)
            committed[appended.event_ids[0]] = time.perf_counter()
            number, due = number + 1, due + WRITERS / RATE
            time.sleep(max(0.0, due - time.perf_counter()))


def _sequence(dsn: str, ended: threading.Event) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        Sequencer(connection).run(ended.is_set)


def _listen(dsn: str, ended: threading.Event, numbered: list[tuple[float, int]]) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        while not ended.is_set():
            notifications = connection.notifies(timeout=0.2, stop_after=1)
            numbered.extend((time.perf_counter(), int(one.payload)) for one in notifications)


@contextmanager
def _snapshot(dsn: str) -> Iterator[None]:
    with psycopg.connect(dsn) as connection:
        connection.execute("SET idle_in_transaction_session_timeout = 0")  # longer than the install allows
        connection.commit()
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("SELECT count(*) FROM eventlog_event_pending")
        yield


def _last(dsn: str) -> int:
    return _one(dsn, "SELECT coalesce(max(position), 0) FROM eventlog_event_position")


def _lost(dsn: str) -> int:
    return _one(
        dsn,
        "SELECT count(*) FROM eventlog_event e"
        " WHERE NOT EXISTS (SELECT FROM eventlog_event_position p WHERE p.id = e.id)",
    )


def _one(dsn: str, query: Any) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
