"""Tables as files: COPY out of one snapshot, COPY into one transaction."""

from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

LOG: Final = ("eventlog_event", "eventlog_event_position", "eventlog_event_pending")
PROOFS: Final = ("eventlog_tree_tile", "eventlog_tree_head", "eventlog_tree_head_published")
DELIVERY: Final = ("eventlog_checkpoint", "eventlog_outbox", "eventlog_dead_letter", "eventlog_dead_letter_discarded")
TRUTH: Final = LOG + PROOFS + DELIVERY
"""Everything that cannot be rebuilt. Projections can, and are."""
COUNTED: Final = (
    "eventlog_event", "eventlog_tree_head", "eventlog_outbox", "eventlog_dead_letter", "eventlog_dead_letter_discarded"
)  # fmt: skip
"""Tables whose `id` comes from a sequence."""


def columns(connection: psycopg.Connection[Any], table: str) -> list[str]:
    """The names of the columns, in their order."""
    rows = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " ORDER BY attnum",
        (table,),
    )
    return [str(row[0]) for row in rows]


def copy_out(connection: psycopg.Connection[Any], table: str, names: list[str], path: Path) -> None:
    """Every row, as this transaction sees it."""
    words = _copy("COPY {} ({}) TO STDOUT", table, names)
    with path.open("wb") as file, connection.cursor() as cursor, cursor.copy(words) as rows:
        for chunk in rows:
            file.write(chunk)


def copy_in(connection: psycopg.Connection[Any], table: str, names: list[str], path: Path) -> None:
    """Every row of the file."""
    words = _copy("COPY {} ({}) FROM STDIN", table, names)
    with path.open("rb") as file, connection.cursor() as cursor, cursor.copy(words) as rows:
        while chunk := file.read(1 << 20):
            rows.write(chunk)


def _copy(words: LiteralString, table: str, names: list[str]) -> sql.Composed:
    named = sql.SQL(", ").join(sql.Identifier(name) for name in names)
    return sql.SQL(words).format(sql.Identifier(table), named)
