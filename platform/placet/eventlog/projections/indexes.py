"""Indexes of a table beside: made when its rows are there, and given the live ones' names at the switch."""

import re
from typing import Any, Final

import psycopg

from placet.eventlog.projections.shadow_tables import ShadowTables, Table

INDEXES: Final = """
SELECT i.relname, pg_get_indexdef(x.indexrelid), x.indisprimary
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE x.indrelid = to_regclass(%s) ORDER BY i.relname
"""
SHAPE: Final = re.compile(r"^CREATE (?P<unique>UNIQUE )?INDEX \S+ ON (?:ONLY )?\S+ (?P<rest>.*)$", re.DOTALL)


def build_indexes(beside: ShadowTables) -> None:
    """Every index of the live tables, where it is not there yet."""
    for table in beside.target.tables:
        name = beside.name_of(table)
        there = {_shape(words) for _, words, _ in _indexes(beside.connection, name)}
        for _, words, _ in _indexes(beside.connection, table._meta.db_table):  # noqa: SLF001
            if _shape(words) not in there:
                unique, rest = _shape(words)
                beside.connection.execute(f'CREATE {unique}INDEX ON "{name}" {rest}')


def rename_indexes(beside: ShadowTables, table: Table) -> list[tuple[str, str]]:
    """(name now, name of the live index of the same shape): for after the live table is gone."""
    new = {_shape(words): name for name, words, _ in _indexes(beside.connection, beside.name_of(table))}
    live = _indexes(beside.connection, table._meta.db_table)  # noqa: SLF001
    return [(new[_shape(words)], name) for name, words, _ in live if _shape(words) in new]


def _indexes(connection: psycopg.Connection[Any], table: str) -> list[tuple[str, str, bool]]:
    return connection.execute(INDEXES, (f'"{table}"',)).fetchall()


def _shape(words: str) -> tuple[str, str]:
    """What an index is, whatever it is called: unique or not, and over what."""
    found = SHAPE.match(words)
    assert found, words
    return found["unique"] or "", found["rest"]
