"""Live rows beside their replay, at equal positions, row by row: which row differs, and in which columns.

Each page of rows is compared in one short transaction that holds the projection's place: the replay is brought to
exactly where the live rows stand, and both are read. So nothing is held for long, and the live projection goes on
between two pages. Values are never told: only the table, the key and the columns.
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
"""So few events behind, the rest may be folded while the live projection waits."""
PLACE: Final = "SELECT position, version FROM eventlog_checkpoint WHERE name = %s AND topic = '' AND partition = 0"
NEXT_END: Final = """
SELECT k::text FROM (
    SELECT k FROM (
        (SELECT {key} AS k FROM {live} WHERE %(after)s::text IS NULL OR {key} > %(after)s::{type}
         ORDER BY {key} LIMIT %(rows)s)
        UNION
        (SELECT {key} FROM {beside} WHERE %(after)s::text IS NULL OR {key} > %(after)s::{type}
         ORDER BY {key} LIMIT %(rows)s)
    ) sides ORDER BY k LIMIT %(rows)s
) page ORDER BY k DESC LIMIT 1
"""


class Outdated(RuntimeError):
    """The live rows were folded by another version of the code: they cannot be what this code gives."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not as the log gives it. No columns: it lies on one side only."""

    table: str
    key: str
    columns: tuple[str, ...]
    only_in: str = ""
    """`live` or `replay`, where the row is missing on the other side."""


def differences(
    target: Projection, connection: psycopg.Connection[Any], progress: Progress = lambda _done, _of: None
) -> list[Difference]:
    """Every row that differs from its replay. Needs no right but to read and to make temporary tables.

    Raises `Outdated`.
    """
    position_of(target.name)
    beside = ShadowTables(target, connection, temporary=True)
    beside.prepare()
    try:
        return list(diff(beside, progress))
    finally:
        beside.drop()


def diff(beside: ShadowTables, progress: Progress = lambda _done, _of: None) -> Iterator[Difference]:
    """Bring the tables beside to where the live ones stand, and tell every row that differs."""
    catch_up(beside, progress)
    for table in beside.target.tables:
        after: str | None = None
        while True:
            catch_up(beside, progress)
            with beside.connection.transaction():
                apply_to_live(beside)
                end = _end(beside, table, after)
                found = _page(beside, table, after, end) if end is not None else []
            yield from found
            if end is None:
                break
            after = end


def catch_up(beside: ShadowTables, progress: Progress = lambda _done, _of: None) -> None:
    """Fold until almost nothing is left, without holding anything."""
    while (live := _live_position(beside)) - beside.position > CLOSE:
        beside.apply_until(live, progress)


def apply_to_live(beside: ShadowTables) -> int:
    """Within a transaction: hold the live projection's place and fold up to it. Raises `Outdated`."""
    row = beside.connection.execute(f"{PLACE} FOR UPDATE", (beside.target.name,)).fetchone()
    if row is None or row[1] != beside.target.version:
        raise Outdated(
            f"{beside.target.name} is not of version {beside.target.version}: placet rebuild-projections makes it so"
        )
    beside.apply_until(row[0])
    return int(row[0])


def _live_position(beside: ShadowTables) -> int:
    row = beside.connection.execute(PLACE, (beside.target.name,)).fetchone()
    return int(row[0]) if row else 0


def _end(beside: ShadowTables, table: Table, after: str | None) -> str | None:
    """The key that ends the next page of both sides together; None after the last row."""
    row = beside.connection.execute(_worded(NEXT_END, beside, table), {"after": after, "rows": ROWS}).fetchone()
    return row[0] if row else None


def _page(beside: ShadowTables, table: Table, after: str | None, end: str) -> list[Difference]:
    rows = beside.connection.execute(_worded(PAGE_DIFFERS, beside, table), {"after": after, "end": end}).fetchall()
    return [Difference(table._meta.db_table, key, tuple(columns or ()), only) for key, columns, only in rows]  # noqa: SLF001


WITHIN: Final = "({key} <= %(end)s::{type} AND (%(after)s::text IS NULL OR {key} > %(after)s::{type}))"
PAGE_DIFFERS: Final = f"""
SELECT coalesce(l.k, r.k),
       (SELECT array_agg(live.key ORDER BY live.key) FROM jsonb_each(l.row) live
        WHERE live.value IS DISTINCT FROM r.row -> live.key AND r.row IS NOT NULL),
       CASE WHEN r.row IS NULL THEN 'live' WHEN l.row IS NULL THEN 'replay' ELSE '' END
FROM (SELECT {{key}}::text AS k, to_jsonb(t) AS row FROM {{live}} t WHERE {WITHIN}) l
FULL JOIN (SELECT {{key}}::text AS k, to_jsonb(t) AS row FROM {{beside}} t WHERE {WITHIN}) r USING (k)
WHERE l.row IS DISTINCT FROM r.row ORDER BY 1
"""  # noqa: S608


def _worded(words: str, beside: ShadowTables, table: Table) -> sql.Composed:
    meta = table._meta  # noqa: SLF001
    return sql.SQL(words).format(
        key=sql.Identifier(key_of(table)), live=sql.Identifier(meta.db_table), beside=beside.qualified_table(table),
        type=sql.SQL(key_type(table)),
    )  # fmt: skip
