"""Indexes of shadow tables: built after the rows are filled, renamed to the live ones at the switch."""

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


def build_indexes(shadow: ShadowTables) -> None:
    """Build every index of the live tables that the shadow tables lack."""
    for table in shadow.target.tables:
        name = shadow.name_of(table)
        existing = {_shape(definition) for _, definition, _ in _indexes(shadow.connection, name)}
        for _, definition, _ in _indexes(shadow.connection, table._meta.db_table):  # noqa: SLF001
            if _shape(definition) not in existing:
                unique, rest = _shape(definition)
                shadow.connection.execute(f'CREATE {unique}INDEX ON "{name}" {rest}')


def rename_indexes(shadow: ShadowTables, table: Table) -> list[tuple[str, str]]:
    """(current name, name of the live index of the same definition), to rename after the live table is dropped."""
    new = {_shape(definition): name for name, definition, _ in _indexes(shadow.connection, shadow.name_of(table))}
    live = _indexes(shadow.connection, table._meta.db_table)  # noqa: SLF001
    return [(new[_shape(definition)], name) for name, definition, _ in live if _shape(definition) in new]


def _indexes(connection: psycopg.Connection[Any], table: str) -> list[tuple[str, str, bool]]:
    return connection.execute(INDEXES, (f'"{table}"',)).fetchall()


def _shape(definition: str) -> tuple[str, str]:
    """Definition of an index without its name: unique or not, and over what."""
    found = SHAPE.match(definition)
    assert found, definition
    return found["unique"] or "", found["rest"]
