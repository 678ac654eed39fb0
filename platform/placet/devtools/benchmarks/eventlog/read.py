"""Replay: pages of the log as `RecordedEvent`, against bare psycopg reading the same pages as tuples."""

import time
from collections.abc import Callable

import psycopg

from placet.devtools.benchmarks.eventlog.entry import TEXT, EntryNoted
from placet.devtools.benchmarks.eventlog.row import Row, median
from placet.eventlog.store.log import EventLog
from placet.eventlog.store.sequencer import Sequencer
from placet.eventlog.store.sql import READ_FROM

EVENTS = 100_000
PAGE = 1_000


def read_rows(dsn: str, rounds: int, report: Callable[[str], None]) -> list[Row]:
    """`pages`: as read. `decoded`: with every fact decoded, for which there is no bare reference."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        report(f"writing {EVENTS:,} events to read")
        fill(connection, EVENTS)
        log = EventLog(connection)
        ours, bare, decoded = [], [], []
        for number in range(rounds):
            report(f"read, round {number + 1} of {rounds}")
            bare.append(_rate(lambda position: _bare(connection, position)))
            ours.append(_rate(lambda position: [e.position for e in log.read_from(position, PAGE)]))
            decoded.append(_rate(lambda position: [(e.fact, e.position)[1] for e in log.read_from(position, PAGE)]))
    ratio = median([o / b for o, b in zip(ours, bare, strict=True)])
    return [
        Row("pages of 1,000", round(median(ours)), "events/s", ">= 0.5", round(median(bare)), "bare psycopg paged read",
            round(ratio, 3), judged=True),
        Row("with every fact decoded", round(median(decoded)), "events/s"),
    ]  # fmt: skip


def fill(connection: psycopg.Connection, count: int) -> None:
    """At least `count` events with positions, in streams of 500; existing ones are not written again."""
    log = EventLog(connection)
    for number in range(count // 500):
        stream = f"bench-00000000-0000-4000-8000-{number:012d}"
        if not log.heads([stream])[stream]:
            log.append(stream, [EntryNoted(TEXT)] * 500, expected=0)
    sequencer = Sequencer(connection)
    while sequencer.run_once():
        pass


def _bare(connection: psycopg.Connection, position: int) -> list[int]:
    with psycopg.Cursor(connection) as cursor:
        cursor.execute(READ_FROM, (position, PAGE), binary=True, prepare=True)
        return [row[0] for row in cursor.fetchall()]


def _rate(page: Callable[[int], list[int]]) -> float:
    position, count, start = 0, 0, time.perf_counter()
    while (positions := page(position)) and count < EVENTS:
        position, count = positions[-1], count + len(positions)
    return count / (time.perf_counter() - start)
