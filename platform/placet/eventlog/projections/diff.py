"""Compare live rows with their replay at equal positions: which rows differ, and in which columns.

Each page of rows is compared in one short transaction that locks the projection's checkpoint: the replay is brought to
the position of the live rows, and both are read. So no lock lasts long, and the live projection continues between two
pages. Values are never reported, only table, key and columns.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

from placet.eventlog.projections.runner import Projection, position_of
from placet.eventlog.projections.shadow_tables import Progress, ShadowTables, Table, key_of, key_type

ROWS: Final = 5_000
CLOSE: Final = 500
"""Events behind that may be folded while the live projection waits."""
CHECKPOINT: Final = "SELECT position, version FROM eventlog_checkpoint WHERE name = %s AND topic = '' AND partition = 0"
NEXT_END: Final = """
SELECT k::text FROM (
    SELECT k FROM (
        (SELECT {key} AS k FROM {live} WHERE %(after)s::text IS NULL OR {key} > %(after)s::{type}
         ORDER BY {key} LIMIT %(rows)s)
        UNION
        (SELECT {key} FROM {shadow} WHERE %(after)s::text IS NULL OR {key} > %(after)s::{type}
         ORDER BY {key} LIMIT %(rows)s)
    ) sides ORDER BY k LIMIT %(rows)s
) page ORDER BY k DESC LIMIT 1
"""


class Outdated(RuntimeError):
    """The live rows are of another version of the projection, so they cannot be compared."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that differs from its replay. Without columns: it exists on one side only."""

    table: str
    key: str
    columns: tuple[str, ...]
    only_in: str = ""
    """`live` or `replay` if the row is missing on the other side."""


def differences(
    target: Projection, connection: psycopg.Connection[Any], progress: Progress = lambda _done, _of: None
) -> list[Difference]:
    """Every row that differs from its replay. Needs only rights to read and to create temporary tables.

    Raises `Outdated`.
    """
    position_of(target.name)
    shadow = ShadowTables(target, connection, temporary=True)
    shadow.prepare()
    try:
        return list(diff(shadow, progress))
    finally:
        shadow.drop()


def diff(shadow: ShadowTables, progress: Progress = lambda _done, _of: None) -> Iterator[Difference]:
    """Bring the shadow tables to the live position and yield every row that differs."""
    catch_up(shadow, progress)
    for table in shadow.target.tables:
        after: str | None = None
        while True:
            catch_up(shadow, progress)
            with shadow.connection.transaction():
                apply_to_live(shadow)
                end = _end(shadow, table, after)
                found = _page(shadow, table, after, end) if end is not None else []
            yield from found
            if end is None:
                break
            after = end


def catch_up(shadow: ShadowTables, progress: Progress = lambda _done, _of: None) -> None:
    """Fold until almost no events are left, without locks."""
    while (live := _live_position(shadow)) - shadow.position > CLOSE:
        shadow.apply_until(live, progress)


def apply_to_live(shadow: ShadowTables) -> int:
    """In a transaction: lock the live checkpoint and fold up to it. Raises `Outdated`."""
    row = shadow.connection.execute(f"{CHECKPOINT} FOR UPDATE", (shadow.target.name,)).fetchone()
    if row is None or row[1] != shadow.target.version:
        raise Outdated(
            f"{shadow.target.name} is not at version {shadow.target.version}: run `placet rebuild-projections`"
        )
    shadow.apply_until(row[0])
    return int(row[0])


def _live_position(shadow: ShadowTables) -> int:
    row = shadow.connection.execute(CHECKPOINT, (shadow.target.name,)).fetchone()
    return int(row[0]) if row else 0


def _end(shadow: ShadowTables, table: Table, after: str | None) -> str | None:
    """The last key of the next page over both sides; None after the last row."""
    row = shadow.connection.execute(_formatted(NEXT_END, shadow, table), {"after": after, "rows": ROWS}).fetchone()
    return row[0] if row else None


def _page(shadow: ShadowTables, table: Table, after: str | None, end: str) -> list[Difference]:
    rows = shadow.connection.execute(_formatted(PAGE_DIFFERS, shadow, table), {"after": after, "end": end}).fetchall()
    return [Difference(table._meta.db_table, key, tuple(columns or ()), only) for key, columns, only in rows]  # noqa: SLF001


WITHIN: Final = "({key} <= %(end)s::{type} AND (%(after)s::text IS NULL OR {key} > %(after)s::{type}))"
PAGE_DIFFERS: Final = f"""
SELECT coalesce(l.k, r.k),
       (SELECT array_agg(live.key ORDER BY live.key) FROM jsonb_each(l.row) live
        WHERE live.value IS DISTINCT FROM r.row -> live.key AND r.row IS NOT NULL),
       CASE WHEN r.row IS NULL THEN 'live' WHEN l.row IS NULL THEN 'replay' ELSE '' END
FROM (SELECT {{key}}::text AS k, to_jsonb(t) AS row FROM {{live}} t WHERE {WITHIN}) l
FULL JOIN (SELECT {{key}}::text AS k, to_jsonb(t) AS row FROM {{shadow}} t WHERE {WITHIN}) r USING (k)
WHERE l.row IS DISTINCT FROM r.row ORDER BY 1
"""  # noqa: S608


def _formatted(template: str, shadow: ShadowTables, table: Table) -> sql.Composed:
    meta = table._meta  # noqa: SLF001
    return sql.SQL(template).format(
        key=sql.Identifier(key_of(table)), live=sql.Identifier(meta.db_table), shadow=shadow.qualified_table(table),
        type=sql.SQL(key_type(table)),
    )  # fmt: skip
