"""A projection built anew beside the live one, compared with it, and put in its place in one short transaction.

The live projection keeps moving and is read all the while. Nothing but rows is made: no effect is planned, no consumer
is woken. A rebuild that dies leaves the live rows as they were, and goes on where it stood when it is called again.
Tables are made and swapped by the role that owns them.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

from placet.eventlog.projections.diff import CLOSE, PLACE, Difference, diff
from placet.eventlog.projections.indexes import build_indexes, rename_indexes
from placet.eventlog.projections.runner import Projection, position_of
from placet.eventlog.projections.shadow_tables import Progress, ShadowTables, Table
from placet.eventlog.store.log import EventLog

SWITCH_TRIES: Final = 20
SWITCH_WAIT: Final = "500ms"
"""A reader who holds a live table longer than this is let go first."""


class AlreadyRebuilding(RuntimeError):
    """Another process rebuilds this projection now. Nothing was changed."""


class NotSwitched(RuntimeError):
    """The live tables were never free for a moment. What was built is kept: call it again."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found and did."""

    name: str
    version: int
    position: int
    """Where the new rows stand at the switch."""
    resumed_from: int
    was_version: int
    differences: tuple[Difference, ...]
    """Live rows that were not what the log gives. Not looked for where they were of another version."""

    @property
    def is_same(self) -> bool:
        """Whether live equalled its replay. If not, a row was changed past the log, or a fold is not pure."""
        return not self.differences


def rebuild(
    target: Projection,
    owner: psycopg.Connection[Any],
    progress: Progress = lambda _done, _of: None,
    *,
    from_scratch: bool = False,
) -> Rebuilt:
    """Build, compare, switch. `owner`: an autocommit connection as the role that owns the tables.

    Raises `AlreadyRebuilding`, `NotSwitched`.
    """
    position_of(target.name)
    with _alone(owner, target):
        was = _place(owner, target)[1]
        beside = ShadowTables(target, owner, temporary=False)
        resumed = beside.prepare(anew=from_scratch)
        _catch_up(beside, progress)
        build_indexes(beside)
        found = tuple(diff(beside, progress)) if was == target.version else ()
        return Rebuilt(target.name, target.version, _switch(beside), resumed, was, found)


def _catch_up(beside: ShadowTables, progress: Progress) -> None:
    """Up to the live place; where the live rows are of another version, up to the end of the log."""
    while (end := _end(beside)) - beside.position > CLOSE:
        beside.apply_until(end, progress)


def _end(beside: ShadowTables) -> int:
    position, version = _place(beside.connection, beside.target)
    if version == beside.target.version:
        return position
    return max(position, EventLog(beside.connection).last_position)


def _switch(beside: ShadowTables) -> int:
    """Put the new tables in the place of the old. Readers wait for milliseconds, or we do."""
    for _ in range(SWITCH_TRIES):
        try:
            return _switch_once(beside)
        except psycopg.errors.LockNotAvailable:
            beside.prepare()  # what was folded in the transaction is undone: ask where it stands
            time.sleep(0.2)
    raise NotSwitched(
        f"the tables of {beside.target.name} were never free; placet rebuild-projections {beside.target.name}"
    )


def _switch_once(beside: ShadowTables) -> int:
    run = beside.connection.execute
    with beside.connection.transaction():
        run(f"SET LOCAL lock_timeout = '{SWITCH_WAIT}'")
        run(f"{PLACE} FOR UPDATE", (beside.target.name,))
        beside.apply_until(_end(beside))
        for table in beside.target.tables:
            _swap(beside, table)
        run(
            "UPDATE eventlog_checkpoint SET position = %s, version = %s, updated_at = clock_timestamp()"
            " WHERE name = %s AND topic = '' AND partition = 0",
            (beside.position, beside.target.version, beside.target.name),
        )
        run("DELETE FROM eventlog_checkpoint WHERE name = %s", (beside.place_name,))
    return beside.position


def _swap(beside: ShadowTables, table: Table) -> None:
    live = table._meta.db_table  # noqa: SLF001
    run = beside.connection.execute
    run(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(live)))
    names = rename_indexes(beside, table)
    _grant_as(beside, table)
    run(sql.SQL("DROP TABLE {}").format(sql.Identifier(live)))
    run(sql.SQL("ALTER TABLE {} RENAME TO {}").format(beside.qualified_table(table), sql.Identifier(live)))
    for old, new in names:
        run(sql.SQL("ALTER INDEX {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))


def _grant_as(beside: ShadowTables, table: Table) -> None:
    """Whoever may use the live table may use the new one."""
    rows = beside.connection.execute(
        "SELECT grantee, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_schema = current_schema() AND table_name = %s AND grantee <> current_user",
        (table._meta.db_table,),  # noqa: SLF001
    ).fetchall()
    for grantee, privilege in rows:
        who = sql.SQL("PUBLIC") if grantee == "PUBLIC" else sql.Identifier(grantee)
        words = sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(privilege), beside.qualified_table(table), who)
        beside.connection.execute(words)


def _place(connection: psycopg.Connection[Any], target: Projection) -> tuple[int, int]:
    row = connection.execute(PLACE, (target.name,)).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, target.version)


@contextmanager
def _alone(connection: psycopg.Connection[Any], target: Projection) -> Iterator[None]:
    key = (f"rebuild {target.name}",)
    row = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 2))", key).fetchone()
    if not (row and row[0]):
        raise AlreadyRebuilding(f"{target.name} is being rebuilt by another process")
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 2))", key)
