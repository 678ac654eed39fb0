"""A projection rebuilt beside the live one, against bare psycopg reading the same events in pages."""

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


def rebuild_rows(dsn: str, owner_dsn: str, events: int, rounds: int, tell: ProgressCallback) -> list[Row]:
    """`rebuild`: fold the whole log into tables beside. `resumed`: the second half alone, from its checkpoint."""
    bare, whole = [], []
    with (
        psycopg.connect(dsn, autocommit=True) as connection,
        psycopg.connect(owner_dsn, autocommit=True) as owner,
        reduced_gc(),
    ):
        tell(f"writing {events:,} events of generations")
        _fill(connection, events)
        for number in range(rounds):
            tell(f"rebuild, round {number + 1} of {rounds}")
            bare.append(_bare(connection))
            whole.append(_built(owner, anew=True))
        tell("the same, killed half way")
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


def _built(owner: psycopg.Connection[Any], *, anew: bool) -> float:
    beside = ShadowTables(PROJECTIONS[NAME], owner, temporary=False)
    start = beside.prepare(anew=anew)
    end, begun = EventLog(owner).last_position, time.perf_counter()
    beside.apply_until(end)
    return (end - start) / (time.perf_counter() - begun)


class _Killed(Exception):
    """Stands for the end of the process."""


def _resumed(owner: psycopg.Connection[Any]) -> float:
    beside = ShadowTables(PROJECTIONS[NAME], owner, temporary=False)
    beside.prepare(anew=True)

    def die(done: int, of: int) -> None:
        if done >= of // 2:
            raise _Killed

    try:
        beside.apply_until(EventLog(owner).last_position, die)
    except _Killed:
        return _built(owner, anew=False)
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
    """The whole life of one generation: eleven events, as the flow writes them."""
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
    place, count, begun = 0, 0, time.perf_counter()
    while rows := _page(connection, place):
        place, count = rows[-1][0], count + len(rows)
    return count / (time.perf_counter() - begun)


def _page(connection: psycopg.Connection[Any], place: int) -> list[tuple[Any, ...]]:
    with psycopg.Cursor(connection) as cursor:
        cursor.execute(READ_FROM, (place, PAGE), binary=True, prepare=True)
        return cursor.fetchall()
