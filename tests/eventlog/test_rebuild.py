"""A rebuild of every projection gives the same rows; a row edited by hand is found and named."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from placet.cli.management.commands.bootstrap import rebuild_outdated
from placet.eventlog.polling import pause, wait_until
from placet.eventlog.projections import shadow_tables
from placet.eventlog.projections.diff import Difference, Outdated, differences
from placet.eventlog.projections.freshness import is_stale
from placet.eventlog.projections.rebuild import AlreadyRebuilding, rebuild
from placet.eventlog.projections.runner import PROJECTIONS, Projection, Projector, position_of
from placet.eventlog.projections.shadow_tables import ShadowTables
from placet.eventlog.store.connect import connect
from placet.eventlog.store.log import EventLog, current_log
from placet.eventlog.store.sequencer import Sequencer
from placet.studio.models import GenerationRow
from tests.support.random_events import write_random_events

MANY = 10_000
GENERATIONS = "studio.generations"


@pytest.fixture
def a_long_log(fresh_database: str) -> EventLog:
    log = current_log()
    write_random_events(log, random.Random(7), MANY)
    folded()
    return log


@pytest.fixture
def owner(owner_dsn: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(owner_dsn, autocommit=True) as connected:
        yield connected


def folded() -> None:
    connection.ensure_connection()
    while Sequencer(connection.connection).run_once():
        pass
    while Projector().run_once():
        pass


def compared(name: str) -> list[Difference]:
    with connect() as own:
        return differences(PROJECTIONS[name], own)


def indexes(table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = %s", (table,))
        return {row[0] for row in cursor.fetchall()}


def edit_one_row() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE studio_generation SET seconds = seconds + 1"
            " WHERE ctid IN (SELECT ctid FROM studio_generation LIMIT 1) RETURNING generation::text"
        )
        return str(cursor.fetchone()[0])


@pytest.mark.promise("P7")
def test_every_projection_equals_its_replay_row_by_row(a_long_log: EventLog) -> None:
    assert a_long_log.last_position >= MANY
    assert {name: compared(name) for name in PROJECTIONS} == {name: [] for name in PROJECTIONS}


@pytest.mark.promise("P7")
def test_a_row_edited_by_hand_is_named_with_its_column_and_fixed(
    a_long_log: EventLog, owner: psycopg.Connection[Any]
) -> None:
    edited = edit_one_row()
    expected = [Difference("studio_generation", edited, ("seconds",))]
    assert compared(GENERATIONS) == expected
    assert compared(GENERATIONS) == expected, "comparing alone fixes nothing"
    assert list(rebuild(PROJECTIONS[GENERATIONS], owner).differences) == expected
    assert compared(GENERATIONS) == []


def test_an_extra_row_and_a_missing_row_are_reported(a_long_log: EventLog) -> None:
    gone = GenerationRow.objects.order_by("generation").first()
    assert gone
    GenerationRow.objects.filter(pk=gone.pk).delete()
    assert compared(GENERATIONS) == [Difference("studio_generation", str(gone.pk), (), "replay")]
    gone.save(force_insert=True)
    GenerationRow.objects.create(
        generation="ffffffff-ffff-4fff-8fff-ffffffffffff", requested_by=gone.requested_by, state="draft", mode="text",
        requested_at=gone.requested_at, changed_at=gone.changed_at,
    )  # fmt: skip
    assert [d.only_in for d in compared(GENERATIONS)] == ["live"]


def test_the_new_tables_have_the_old_names_indexes_and_rights(
    a_long_log: EventLog, owner: psycopg.Connection[Any]
) -> None:
    before = {t._meta.db_table: indexes(t._meta.db_table) for t in PROJECTIONS[GENERATIONS].tables}
    rows = list(GenerationRow.objects.order_by("pk").values())
    rebuilt = rebuild(PROJECTIONS[GENERATIONS], owner)
    assert (rebuilt.position, rebuilt.is_same) == (a_long_log.last_position, True)
    assert list(GenerationRow.objects.order_by("pk").values()) == rows
    assert {name: indexes(name) for name in before} == before
    assert not indexes("studio_generation__v1")
    write_random_events(a_long_log, random.Random(8), 200)
    folded()
    assert position_of(GENERATIONS) == a_long_log.last_position, "the projector continues on the new tables"
    assert compared(GENERATIONS) == []


def test_the_live_projection_moves_while_it_is_rebuilt(
    a_long_log: EventLog, owner: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow_tables, "PAGE", 2_000)
    grown: list[int] = []

    def meanwhile(done: int, _of: int) -> None:
        if len(grown) < 3:
            write_random_events(a_long_log, random.Random(done), 700)
            folded()
            grown.append(position_of(GENERATIONS))

    rebuilt = rebuild(PROJECTIONS[GENERATIONS], owner, meanwhile)
    assert rebuilt.is_same
    assert rebuilt.position == a_long_log.last_position == grown[-1] > MANY
    assert compared(GENERATIONS) == []


class Killed(BaseException):
    """Like a signal that ends the process: nothing catches it."""


def test_a_rebuild_that_was_killed_resumes(
    a_long_log: EventLog, owner_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow_tables, "PAGE", 2_000)

    def die(done: int, _of: int) -> None:
        if done >= 4_000:
            raise Killed

    target = PROJECTIONS[GENERATIONS]
    before = list(GenerationRow.objects.order_by("pk").values())
    with psycopg.connect(owner_dsn, autocommit=True) as dying, pytest.raises(Killed):
        rebuild(target, dying, die)
    assert list(GenerationRow.objects.order_by("pk").values()) == before
    with psycopg.connect(owner_dsn, autocommit=True) as later:
        rebuilt = rebuild(target, later)
    assert (rebuilt.resumed_from, rebuilt.is_same) == (4_000, True)
    assert list(GenerationRow.objects.order_by("pk").values()) == before


SLOWLY = """
import os, sys, time
import django, psycopg
django.setup()
from placet.eventlog.projections import shadow_tables
from placet.eventlog.projections.runner import PROJECTIONS
from placet.eventlog.projections.rebuild import rebuild
shadow_tables.PAGE = 1_000
with psycopg.connect(os.environ["PLACET_MIGRATION_DATABASE_URL"], autocommit=True) as owner:
    rebuild(PROJECTIONS["studio.generations"], owner, lambda _done, _of: time.sleep(0.5))
"""


@pytest.mark.processes
@pytest.mark.promise("P6")
def test_a_killed_process_leaves_the_live_rows_and_its_checkpoint(
    a_long_log: EventLog, owner: psycopg.Connection[Any]
) -> None:
    before = list(GenerationRow.objects.order_by("pk").values())
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", SLOWLY], env=environment) as dying:
        wait_until(lambda: reached(owner) >= 2_000, lambda: pause(0.05), 120)
        dying.kill()
    position = reached(owner)
    assert list(GenerationRow.objects.order_by("pk").values()) == before
    rebuilt = rebuild(PROJECTIONS[GENERATIONS], owner)
    assert (rebuilt.resumed_from, rebuilt.is_same) == (position, True)
    assert list(GenerationRow.objects.order_by("pk").values()) == before


def reached(owner: psycopg.Connection[Any]) -> int:
    row = owner.execute(
        "SELECT position FROM eventlog_checkpoint WHERE name LIKE 'studio.generations shadow%'"
    ).fetchone()
    return int(row[0]) if row else 0


def test_two_rebuilds_of_one_projection_exclude_each_other(
    a_long_log: EventLog, owner: psycopg.Connection[Any], owner_dsn: str
) -> None:
    with psycopg.connect(owner_dsn, autocommit=True) as other:

        def meanwhile(_done: int, _of: int) -> None:
            with pytest.raises(AlreadyRebuilding):
                rebuild(PROJECTIONS[GENERATIONS], other)

        assert rebuild(PROJECTIONS[GENERATIONS], owner, meanwhile).is_same


def test_rows_of_another_version_are_not_updated_until_rebuilt(
    a_long_log: EventLog, owner: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = PROJECTIONS[GENERATIONS]
    newer = Projection(live.name, live.version + 1, live.tables, live.by_stream, dict(live.folds))
    monkeypatch.setitem(PROJECTIONS, GENERATIONS, newer)
    before = position_of(GENERATIONS)
    write_random_events(a_long_log, random.Random(9), 300)
    folded()
    assert position_of(GENERATIONS) == before < position_of("feed.clips")
    with pytest.raises(Outdated):
        compared(GENERATIONS)
    assert is_stale(GENERATIONS), "rows of another version are not shown"
    rebuilt = rebuild(newer, owner)
    assert not is_stale(GENERATIONS)
    assert (rebuilt.was_version, rebuilt.version, rebuilt.position) == (1, 2, a_long_log.last_position)
    assert compared(GENERATIONS) == []
    monkeypatch.setitem(PROJECTIONS, GENERATIONS, live)
    write_random_events(a_long_log, random.Random(10), 300)
    folded()
    assert position_of(GENERATIONS) == rebuilt.position, "older code does not fold into newer rows"


def test_a_start_with_newer_code_rebuilds_what_is_outdated(
    a_long_log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = PROJECTIONS["feed.clips"]
    newer = Projection(live.name, live.version + 1, live.tables, live.by_stream, dict(live.folds))
    monkeypatch.setitem(PROJECTIONS, "feed.clips", newer)
    assert rebuild_outdated() == ["feed.clips"]
    assert rebuild_outdated() == []
    assert compared("feed.clips") == []


def test_no_transaction_lasts_while_events_are_folded(a_long_log: EventLog, owner: psycopg.Connection[Any]) -> None:
    """A long snapshot would keep the sequencer's rows from being vacuumed."""
    without_snapshot: list[bool] = []

    def check(_done: int, _of: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid = %s"
                " AND backend_xmin IS NOT NULL",
                (owner.info.backend_pid,),
            )
            without_snapshot.append(cursor.fetchone()[0] == 0)

    rebuild(PROJECTIONS[GENERATIONS], owner, check)
    assert without_snapshot
    assert all(without_snapshot)


def test_the_rows_in_memory_are_bounded(a_long_log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow_tables, "PAGE", 500)
    monkeypatch.setattr(shadow_tables, "MAX_CACHED_ROWS", 100)
    with connect() as own:
        shadow = ShadowTables(PROJECTIONS[GENERATIONS], own, temporary=True)
        shadow.prepare()
        cached: list[int] = []
        shadow.apply_until(a_long_log.last_position, lambda _done, _of: cached.append(len(shadow._rows._cached)))
        assert max(cached) <= 100
    assert compared(GENERATIONS) == []
