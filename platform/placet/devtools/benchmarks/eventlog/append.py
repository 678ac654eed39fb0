"""Append, with the sequencer and a tailing reader on, against a bare INSERT of the same rows into the same table."""

from collections.abc import Callable

import psycopg

from placet.devtools.benchmarks.eventlog.row import Row, median, percentile
from placet.devtools.benchmarks.eventlog.tailing import following
from placet.devtools.benchmarks.eventlog.writers import WriteLoad, running

CASES = {"8x1": (8, 1), "8x10": (8, 10), "1x1": (1, 1), "1x10": (1, 10)}
BARE = "bare psycopg INSERT"
GOAL = ">= 0.6, 0 missed"


def append_rows(dsn: str, rounds: int, seconds: float, report: Callable[[str], None]) -> list[Row]:
    """Rounds alternate between ours and the reference; a ratio is the median of the rounds' ratios."""
    return [_case(dsn, name, WriteLoad(w, t, seconds), rounds, report) for name, (w, t) in CASES.items()] + [
        _control(dsn, report)
    ]


def _case(dsn: str, name: str, load: WriteLoad, rounds: int, report: Callable[[str], None]) -> Row:
    ours, bare, missed, taken = [], [], 0, []
    for number in range(rounds):
        report(f"append {name}, round {number + 1} of {rounds}")
        with running(dsn, "bare", load) as wait:
            bare.append(wait()[0] / load.seconds)
        _number_the_bare(dsn)
        with following(dsn, "position", only_new=True) as tails, running(dsn, "ours", load) as wait:
            written, seconds = wait()
        ours.append(written / load.seconds)
        missed += written - len(tails["position"].seen)
        taken += seconds
    ratio = median([o / b for o, b in zip(ours, bare, strict=True)])
    return Row(
        name, round(median(ours)), "events/s", GOAL if name == "8x1" else "", round(median(bare)), BARE,
        round(ratio, 3),
        judged=name == "8x1", missed=missed, p95_ms=round(1000 * percentile(taken, 0.95), 2),
    )  # fmt: skip


def _number_the_bare(dsn: str) -> None:
    """Assign positions to the reference's rows, so that the next round starts level."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO eventlog_event_position (position, id)"
            " SELECT (SELECT coalesce(max(position), 0) FROM eventlog_event_position)"
            " + row_number() OVER (ORDER BY id), id FROM eventlog_event e"
            " WHERE NOT EXISTS (SELECT FROM eventlog_event_position p WHERE p.id = e.id)"
            " AND NOT EXISTS (SELECT FROM eventlog_event_pending w WHERE w.id = e.id)"
        )


def _control(dsn: str, report: Callable[[str], None]) -> Row:
    """50,000 events under a rough load, read by position (must miss none) and by serial id (must miss some)."""
    report("tailing 50,000 events by position and, as control, by serial id")
    load = WriteLoad(8, 1, count=6_250, is_rough=True)
    with following(dsn, "position", "serial", only_new=True) as tails, running(dsn, "ours", load) as wait:
        written, _ = wait()
    missed = written - len(tails["position"].seen)
    by_serial = written - len(tails["serial"].seen)
    return Row(
        "tail by serial id", written, "events", "must miss", control=True, missed=by_serial,
        note=f"by position: {missed} of {written} missed",
    )  # fmt: skip
