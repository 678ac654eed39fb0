"""Shadow tables: copies of a projection's live tables, filled from the log by the same folds.

`temporary`: dropped with the connection, for a comparison. Otherwise they stay, with their own checkpoint, so a build
that was killed continues. Nothing here writes a live table, plans an outbox item or moves the live checkpoint.
"""

from collections.abc import Callable, Collection, Iterator
from operator import attrgetter
from typing import Any, Final

import psycopg
from django.db import models
from msgspec.json import encode as write_json
from psycopg import sql
from psycopg.types.json import Jsonb

from placet.eventlog.projections.runner import Projection, ProjectionRows, apply_batch
from placet.eventlog.store.log import EventLog
from placet.eventlog.store.versions import every_version

PAGE: Final = 10_000
MAX_CACHED_ROWS: Final = 50_000
"""Rows kept in memory between two pages."""
Progress = Callable[[int, int], None]
Table = type[models.Model]


class ShadowTables:
    """One projection's shadow tables, over one autocommit connection."""

    def __init__(self, target: Projection, connection: psycopg.Connection[Any], *, temporary: bool) -> None:
        self.target = target
        self.connection = connection
        self.temporary = temporary
        self.checkpoint_name = f"{target.name} shadow, version {target.version}"
        self.position = 0
        self._log = EventLog(connection)
        self._types = every_version(target.folds)
        self._rows = ShadowRows(self)

    def name_of(self, table: Table) -> str:
        """The name of a live table's shadow."""
        return f"{table._meta.db_table}__v{self.target.version}"  # noqa: SLF001

    def prepare(self, *, from_scratch: bool = False) -> int:
        """Create the tables, or find those of an interrupted build. Returns their position."""
        with self.connection.transaction():
            if from_scratch or self.temporary or (found := self._saved_position()) is None:
                self.drop()
                for table in self.target.tables:
                    self._create(table)
                found = 0
            if not self.temporary:
                self._save_position(found)
        self.position = found
        self._rows = ShadowRows(self)
        return found

    def drop(self) -> None:
        """Drop the tables, and unfinished ones of other versions."""
        for table in self.target.tables:
            live = table._meta.db_table  # noqa: SLF001
            for name in [self.name_of(table)] if self.temporary else self._leftover_tables(live):
                self.connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self._qualified(name)))
        if not self.temporary:
            self.connection.execute(
                "DELETE FROM eventlog_checkpoint WHERE name LIKE %s", (f"{self.target.name} shadow, version %",)
            )

    def apply_until(self, to: int, progress: Progress = lambda _done, _of: None) -> None:
        """Fold the log up to a position, each page in a short transaction with the checkpoint."""
        while self.position < to:
            end = min(self.position + PAGE, to)
            events = self._log.read_types(self.position, end, self._types)
            apply_batch(self.target, events, self._rows)
            with self.connection.transaction():
                self._rows.write()
                if not self.temporary:
                    self._save_position(end)
            self.position = end
            self._rows.evict_beyond(MAX_CACHED_ROWS)
            progress(end, to)

    def _saved_position(self) -> int | None:
        row = self.connection.execute(
            "SELECT position FROM eventlog_checkpoint WHERE name = %s", (self.checkpoint_name,)
        ).fetchone()
        return int(row[0]) if row else None

    def _save_position(self, position: int) -> None:
        self.connection.execute(
            "INSERT INTO eventlog_checkpoint (name, topic, partition, position, updated_at, version)"
            " VALUES (%s, '', 0, %s, clock_timestamp(), %s)"
            " ON CONFLICT (name, topic, partition) DO UPDATE SET position = excluded.position, updated_at = now()",
            (self.checkpoint_name, position, self.target.version),
        )

    def _create(self, table: Table) -> None:
        """Create a table like the live one; its other indexes are built after the rows are filled."""
        live, key = table._meta.db_table, key_of(table)  # noqa: SLF001
        template = sql.SQL("CREATE {} TABLE {} (LIKE {} INCLUDING ALL EXCLUDING INDEXES, PRIMARY KEY ({}))")
        kind = sql.SQL("TEMPORARY" if self.temporary else "")
        create = template.format(kind, self._qualified(self.name_of(table)), sql.Identifier(live), sql.Identifier(key))
        self.connection.execute(create)

    def _leftover_tables(self, live: str) -> list[str]:
        rows = self.connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname = current_schema() AND c.relname ~ %s",
            (f"^{live}__v[0-9]+$",),
        )
        return [row[0] for row in rows.fetchall()]

    def _qualified(self, name: str) -> sql.Identifier:
        return sql.Identifier("pg_temp", name) if self.temporary else sql.Identifier(name)

    def qualified_table(self, table: Table) -> sql.Identifier:
        """The SQL name of a live table's shadow."""
        return self._qualified(self.name_of(table))


class ShadowRows(ProjectionRows):
    """Rows of the shadow tables. Kept from page to page: nothing else writes there."""

    def __init__(self, tables: ShadowTables) -> None:
        super().__init__()
        self._tables = tables

    def evict_beyond(self, limit: int) -> None:
        """Keep memory bounded."""
        if len(self._cached) > limit:
            self._cached.clear()

    def _read(self, table: Table, keys: Collection[Any]) -> dict[str, models.Model]:
        meta = table._meta  # noqa: SLF001
        query = sql.SQL("SELECT {} FROM {} WHERE {} = ANY(%b::{}[])").format(
            _listed(table), self._tables.qualified_table(table), sql.Identifier(key_of(table)), sql.SQL(key_type(table))
        )
        found = self._tables.connection.execute(query, ([str(k) for k in keys],)).fetchall()
        names = [f.attname for f in meta.concrete_fields]
        at = names.index(meta.pk.attname)
        return {str(row[at]): table.from_db(None, names, row) for row in found}

    def _write(self, table: Table, changed: list[models.Model], deleted: list[Any]) -> None:
        if changed:
            self._upsert(table, changed)
        if deleted:
            template = sql.SQL("DELETE FROM {} WHERE {}::text = ANY(%s)")
            query = template.format(self._tables.qualified_table(table), sql.Identifier(key_of(table)))
            self._tables.connection.execute(query, ([str(key) for key in deleted],))

    def _upsert(self, table: Table, rows: list[models.Model]) -> None:
        """COPY into a temporary table, then one statement into the shadow table."""
        run, shadow, names = self._tables.connection.execute, self._tables.qualified_table(table), _listed(table)
        stage = sql.Identifier("pg_temp", f"{table._meta.db_table}__stage")  # noqa: SLF001
        create = "CREATE TEMPORARY TABLE IF NOT EXISTS {} (LIKE {}) ON COMMIT DELETE ROWS"
        run(sql.SQL(create).format(stage, shadow))
        copy = sql.SQL("COPY {} ({}) FROM STDIN").format(stage, names)
        with self._tables.connection.cursor() as cursor, cursor.copy(copy) as copying:
            for values in _values(table, rows):
                copying.write_row(values)
        updates = [sql.SQL("{0} = excluded.{0}").format(sql.Identifier(c)) for c in _columns(table)]
        template = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT ({}) DO UPDATE SET {}")
        run(template.format(shadow, names, names, stage, sql.Identifier(key_of(table)), sql.SQL(", ").join(updates)))


def key_of(table: Table) -> str:
    """The column that is a table's primary key."""
    return str(table._meta.pk.column)  # noqa: SLF001


def key_type(table: Table) -> str:
    """PostgreSQL's type of the primary key."""
    kind = table._meta.pk.get_internal_type()  # noqa: SLF001
    return {"UUIDField": "uuid", "TextField": "text"}.get(kind, "bigint")


def _columns(table: Table) -> list[str]:
    return [str(field.column) for field in table._meta.concrete_fields]  # noqa: SLF001


def _listed(table: Table) -> sql.Composed:
    return sql.SQL(", ").join([sql.Identifier(column) for column in _columns(table)])


def _values(table: Table, rows: list[models.Model]) -> Iterator[tuple[Any, ...]]:
    fields = table._meta.concrete_fields  # noqa: SLF001
    read = attrgetter(*(f.attname for f in fields))
    documents = [at for at, f in enumerate(fields) if isinstance(f, models.JSONField)]
    for row in rows:
        values = list(read(row)) if len(fields) > 1 else [read(row)]
        for at in documents:
            values[at] = Jsonb(values[at], dumps=write_json) if values[at] is not None else None
        yield tuple(values)
