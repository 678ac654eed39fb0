"""A projection rebuilt in shadow tables, against bare psycopg reading the same events in pages."""

import itertools
import time
import uuid
from collections.abc import Callable
from typing import Any, Final

import psycopg

from placet.devtools.benchmarks.eventlog.row import Row, median
from placet.eventlog.gc_tuning import reduced_gc
from placet.eventlog.projections.rebuild import rebuild
from placet.eventlog.projections.runner import PROJECTIONS
from placet.eventlog.projections.shadow_tables import ShadowTables
from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import Append, EventLog
from placet.eventlog.store.sequencer import Sequencer
from placet.eventlog.store.sql import READ_FROM
from placet.kernel.verdict import Check
from placet.studio import events as e

PAGE: Final = 5_000
NAME: Final = "studio.generations"
ProgressCallback = Callable[[str], None]


def rebuild_rows(dsn: str, owner_dsn: str, events: int, rounds: int, report: ProgressCallback) -> list[Row]:
    """`rebuild`: apply the whole log to shadow tables. `resumed`: only the second half, from its checkpoint."""
    bare, whole = [], []
    with (
        psycopg.connect(dsn, autocommit=True) as connection,
        psycopg.connect(owner_dsn, autocommit=True) as owner,
        reduced_gc(),
    ):
        report(f"writing {events:,} events of generations")
        _fill(connection, events)
        for number in range(rounds):
            report(f"rebuild, round {number + 1} of {rounds}")
            bare.append(_bare(connection))
            whole.append(_built(owner, from_scratch=True))
        report("the same, killed half way")
        half = _resumed(owner)
        rebuild(PROJECTIONS[NAME], owner)
    ratio = median([w / b for w, b in zip(whole, bare, strict=True)])
    return [
        _row("rebuild", median(whole), median(bare), ratio, goal=">= 0.25"),
        _row("resumed half way", half, median(bare), half / median(bare)),
    ]


def _row(case: str, rate: float, bare: float, ratio: float, goal: str = "") -> Row:
    name = "bare psycopg paged read"
    return Row(case, round(rate), "events/s", goal, round(bare), name, round(ratio, 3), judged=bool(goal))


def _built(owner: psycopg.Connection[Any], *, from_scratch: bool) -> float:
    shadow = ShadowTables(PROJECTIONS[NAME], owner, temporary=False)
    start = shadow.prepare(from_scratch=from_scratch)
    end, begun = EventLog(owner).last_position, time.perf_counter()
    shadow.apply_until(end)
    return (end - start) / (time.perf_counter() - begun)


class _Killed(Exception):
    """Simulates the death of the process."""


def _resumed(owner: psycopg.Connection[Any]) -> float:
    shadow = ShadowTables(PROJECTIONS[NAME], owner, temporary=False)
    shadow.prepare(from_scratch=True)

    def die(done: int, of: int) -> None:
        if done >= of // 2:
            raise _Killed

    try:
        shadow.apply_until(EventLog(owner).last_position, die)
    except _Killed:
        return _built(owner, from_scratch=False)
    raise AssertionError("unreachable")


def _fill(connection: psycopg.Connection[Any], events: int) -> None:
    log, requester = EventLog(connection), str(uuid.uuid4())
    lives = (_life(requester) for _ in itertools.count())
    written = 0
    while written < events:
        writes = [next(lives) for _ in range(100)]
        log.append_all(writes)
        written += sum(len(write.facts) for write in writes)
    sequencer = Sequencer(connection)
    while sequencer.run_once():
        pass


def _life(requester: Any) -> Append:
    """All events of one generation: eleven, as the flow writes them."""
    clip: Any = str(uuid.uuid4())
    checks: tuple[Check, ...] = ("policy", "consent", "prompt_rights")
    verdicts = [
        e.VerdictRecorded(clip, check, 1, "clear", {"opt-out-registry": 3}, "", str(uuid.uuid4())) for check in checks
    ]
    size = (4.0, 360, 640, 24)
    facts: list[object] = [
        e.GenerationRequested(clip, requester, "a red ball", (), "text", None, (), None, *size, 1, "scene", "XX"),
        *verdicts,
        e.GenerationApproved(clip, {}, {}),
        e.GenerationStarted(clip, "1", 1),
        e.GenerationRendered(clip, "a" * 64, 1, 4.0, "0" * 16, {}, {}),
        e.OutputApproved(clip),
        e.GenerationSigned(clip, "b" * 64, "m"),
        e.GenerationPublished(clip, {}),
        e.RestrictionApplied(clip, "removed_by_reviewer", str(uuid.uuid4())),
    ]  # fmt: skip
    return Append(stream_name(e.GenerationRequested, clip), tuple(facts), 0)


def _bare(connection: psycopg.Connection[Any]) -> float:
    position, count, begun = 0, 0, time.perf_counter()
    while rows := _page(connection, position):
        position, count = rows[-1][0], count + len(rows)
    return count / (time.perf_counter() - begun)


def _page(connection: psycopg.Connection[Any], position: int) -> list[tuple[Any, ...]]:
    with psycopg.Cursor(connection) as cursor:
        cursor.execute(READ_FROM, (position, PAGE), binary=True, prepare=True)
        return cursor.fetchall()
