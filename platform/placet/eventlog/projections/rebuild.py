"""Rebuild a projection in shadow tables, compare it with the live one, and switch in one short transaction.

The live projection is updated and read meanwhile. Only rows are written: no outbox item is planned, no consumer is
woken. A rebuild that dies leaves the live rows unchanged and continues when called again. The role that owns the tables
creates and switches them.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

from placet.eventlog.projections.diff import CHECKPOINT, CLOSE, Difference, diff
from placet.eventlog.projections.indexes import build_indexes, rename_indexes
from placet.eventlog.projections.runner import Projection, position_of
from placet.eventlog.projections.shadow_tables import Progress, ShadowTables, Table
from placet.eventlog.store.log import EventLog

SWITCH_TRIES: Final = 20
SWITCH_WAIT: Final = "500ms"
"""Lock timeout of a try: longer readers go first."""


class AlreadyRebuilding(RuntimeError):
    """Another process is rebuilding this projection. Nothing was changed."""


class NotSwitched(RuntimeError):
    """The live tables could not be locked. The shadow tables are kept: run it again."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Result of a rebuild."""

    name: str
    version: int
    position: int
    """Position of the new rows at the switch."""
    resumed_from: int
    was_version: int
    differences: tuple[Difference, ...]
    """Live rows that differed from the replay. Not compared if they were of another version."""

    @property
    def is_same(self) -> bool:
        """Whether the live rows equalled their replay. If not, a row was edited by hand, or a fold is not pure."""
        return not self.differences


def rebuild(
    target: Projection,
    owner: psycopg.Connection[Any],
    progress: Progress = lambda _done, _of: None,
    *,
    from_scratch: bool = False,
) -> Rebuilt:
    """Build, compare, switch. `owner`: an autocommit connection of the role that owns the tables.

    Raises `AlreadyRebuilding`, `NotSwitched`.
    """
    position_of(target.name)
    with _exclusive(owner, target):
        was = _checkpoint(owner, target)[1]
        shadow = ShadowTables(target, owner, temporary=False)
        resumed = shadow.prepare(from_scratch=from_scratch)
        _catch_up(shadow, progress)
        build_indexes(shadow)
        found = tuple(diff(shadow, progress)) if was == target.version else ()
        return Rebuilt(target.name, target.version, _switch(shadow), resumed, was, found)


def _catch_up(shadow: ShadowTables, progress: Progress) -> None:
    """Fold up to the live position, or to the end of the log if the live rows are of another version."""
    while (end := _end(shadow)) - shadow.position > CLOSE:
        shadow.apply_until(end, progress)


def _end(shadow: ShadowTables) -> int:
    position, version = _checkpoint(shadow.connection, shadow.target)
    if version == shadow.target.version:
        return position
    return max(position, EventLog(shadow.connection).last_position)


def _switch(shadow: ShadowTables) -> int:
    """Replace the live tables. Readers wait for milliseconds, or we do."""
    for _ in range(SWITCH_TRIES):
        try:
            return _switch_once(shadow)
        except psycopg.errors.LockNotAvailable:
            shadow.prepare()  # the transaction was rolled back: read the position again
            time.sleep(0.2)
    raise NotSwitched(
        f"the tables of {shadow.target.name} could not be locked; run placet rebuild-projections {shadow.target.name}"
    )


def _switch_once(shadow: ShadowTables) -> int:
    run = shadow.connection.execute
    with shadow.connection.transaction():
        run(f"SET LOCAL lock_timeout = '{SWITCH_WAIT}'")
        run(f"{CHECKPOINT} FOR UPDATE", (shadow.target.name,))
        shadow.apply_until(_end(shadow))
        for table in shadow.target.tables:
            _swap(shadow, table)
        run(
            "UPDATE eventlog_checkpoint SET position = %s, version = %s, updated_at = clock_timestamp()"
            " WHERE name = %s AND topic = '' AND partition = 0",
            (shadow.position, shadow.target.version, shadow.target.name),
        )
        run("DELETE FROM eventlog_checkpoint WHERE name = %s", (shadow.checkpoint_name,))
    return shadow.position


def _swap(shadow: ShadowTables, table: Table) -> None:
    live = table._meta.db_table  # noqa: SLF001
    run = shadow.connection.execute
    run(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(live)))
    names = rename_indexes(shadow, table)
    _grant_as(shadow, table)
    run(sql.SQL("DROP TABLE {}").format(sql.Identifier(live)))
    run(sql.SQL("ALTER TABLE {} RENAME TO {}").format(shadow.qualified_table(table), sql.Identifier(live)))
    for old, new in names:
        run(sql.SQL("ALTER INDEX {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))


def _grant_as(shadow: ShadowTables, table: Table) -> None:
    """Copy the live table's grants to the new one."""
    rows = shadow.connection.execute(
        "SELECT grantee, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_schema = current_schema() AND table_name = %s AND grantee <> current_user",
        (table._meta.db_table,),  # noqa: SLF001
    ).fetchall()
    for grantee, privilege in rows:
        role = sql.SQL("PUBLIC") if grantee == "PUBLIC" else sql.Identifier(grantee)
        grant = sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(privilege), shadow.qualified_table(table), role)
        shadow.connection.execute(grant)


def _checkpoint(connection: psycopg.Connection[Any], target: Projection) -> tuple[int, int]:
    row = connection.execute(CHECKPOINT, (target.name,)).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, target.version)


@contextmanager
def _exclusive(connection: psycopg.Connection[Any], target: Projection) -> Iterator[None]:
    key = (f"rebuild {target.name}",)
    row = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 2))", key).fetchone()
    if not (row and row[0]):
        raise AlreadyRebuilding(f"{target.name} is being rebuilt by another process")
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 2))", key)
