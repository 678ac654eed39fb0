"""Tables beside a projection's live ones: the same shape, filled from the log alone, by folds that know no difference.

`temporary`: gone with the connection, for a comparison. Otherwise they stay, with a checkpoint of their own, so that a
build that was killed goes on where it stood. Nothing here writes a live table, plans an effect or moves the live place.
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
    """One projection's tables, built anew over one autocommit connection."""

    def __init__(self, target: Projection, connection: psycopg.Connection[Any], *, temporary: bool) -> None:
        self.target = target
        self.connection = connection
        self.temporary = temporary
        self.place_name = f"{target.name} beside, version {target.version}"
        self.position = 0
        self._log = EventLog(connection)
        self._types = every_version(target.folds)
        self._rows = ShadowRows(self)

    def name_of(self, table: Table) -> str:
        """The table beside a live one."""
        return f"{table._meta.db_table}__v{self.target.version}"  # noqa: SLF001

    def prepare(self, *, anew: bool = False) -> int:
        """Make the tables, or find those of a build that was interrupted. Answers where it stands."""
        with self.connection.transaction():
            if anew or self.temporary or (found := self._found()) is None:
                self.drop()
                for table in self.target.tables:
                    self._create(table)
                found = 0
            if not self.temporary:
                self._note(found)
        self.position = found
        self._rows = ShadowRows(self)
        return found

    def drop(self) -> None:
        """Remove them, and those of other versions that were never finished."""
        for table in self.target.tables:
            live = table._meta.db_table  # noqa: SLF001
            for name in [self.name_of(table)] if self.temporary else self._leftover_tables(live):
                self.connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self._place(name)))
        if not self.temporary:
            self.connection.execute(
                "DELETE FROM eventlog_checkpoint WHERE name LIKE %s", (f"{self.target.name} beside, version %",)
            )

    def apply_until(self, to: int, progress: Progress = lambda _done, _of: None) -> None:
        """Fold the log up to a position: page by page, each written in a short transaction with the checkpoint."""
        while self.position < to:
            end = min(self.position + PAGE, to)
            events = self._log.read_types(self.position, end, self._types)
            apply_batch(self.target, events, self._rows)
            with self.connection.transaction():
                self._rows.write()
                if not self.temporary:
                    self._note(end)
            self.position = end
            self._rows.evict_beyond(MAX_CACHED_ROWS)
            progress(end, to)

    def _found(self) -> int | None:
        row = self.connection.execute(
            "SELECT position FROM eventlog_checkpoint WHERE name = %s", (self.place_name,)
        ).fetchone()
        return int(row[0]) if row else None

    def _note(self, position: int) -> None:
        self.connection.execute(
            "INSERT INTO eventlog_checkpoint (name, topic, partition, position, updated_at, version)"
            " VALUES (%s, '', 0, %s, clock_timestamp(), %s)"
            " ON CONFLICT (name, topic, partition) DO UPDATE SET position = excluded.position, updated_at = now()",
            (self.place_name, position, self.target.version),
        )

    def _create(self, table: Table) -> None:
        """The live table's shape; its other indexes come when the rows are there."""
        live, key = table._meta.db_table, key_of(table)  # noqa: SLF001
        words = sql.SQL("CREATE {} TABLE {} (LIKE {} INCLUDING ALL EXCLUDING INDEXES, PRIMARY KEY ({}))")
        kind = sql.SQL("TEMPORARY" if self.temporary else "")
        made = words.format(kind, self._place(self.name_of(table)), sql.Identifier(live), sql.Identifier(key))
        self.connection.execute(made)

    def _leftover_tables(self, live: str) -> list[str]:
        rows = self.connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname = current_schema() AND c.relname ~ %s",
            (f"^{live}__v[0-9]+$",),
        )
        return [row[0] for row in rows.fetchall()]

    def _place(self, name: str) -> sql.Identifier:
        return sql.Identifier("pg_temp", name) if self.temporary else sql.Identifier(name)

    def qualified_table(self, table: Table) -> sql.Identifier:
        """The table beside a live one, as it is written in SQL."""
        return self._place(self.name_of(table))


class ShadowRows(ProjectionRows):
    """Rows that lie in the tables beside. Kept from page to page: nobody else writes there."""

    def __init__(self, beside: ShadowTables) -> None:
        super().__init__()
        self._beside = beside

    def evict_beyond(self, held: int) -> None:
        """Keep memory bounded."""
        if len(self._held) > held:
            self._held.clear()

    def _read(self, table: Table, keys: Collection[Any]) -> dict[str, models.Model]:
        meta = table._meta  # noqa: SLF001
        asked = sql.SQL("SELECT {} FROM {} WHERE {} = ANY(%b::{}[])").format(
            _listed(table), self._beside.qualified_table(table), sql.Identifier(key_of(table)), sql.SQL(key_type(table))
        )
        found = self._beside.connection.execute(asked, ([str(k) for k in keys],)).fetchall()
        names = [f.attname for f in meta.concrete_fields]
        at = names.index(meta.pk.attname)
        return {str(row[at]): table.from_db(None, names, row) for row in found}

    def _write(self, table: Table, kept: list[models.Model], gone: list[Any]) -> None:
        if kept:
            self._upsert(table, kept)
        if gone:
            words = sql.SQL("DELETE FROM {} WHERE {}::text = ANY(%s)")
            asked = words.format(self._beside.qualified_table(table), sql.Identifier(key_of(table)))
            self._beside.connection.execute(asked, ([str(key) for key in gone],))

    def _upsert(self, table: Table, rows: list[models.Model]) -> None:
        """By COPY into a table of this transaction, then in one statement into the one beside."""
        run, place, names = self._beside.connection.execute, self._beside.qualified_table(table), _listed(table)
        stage = sql.Identifier("pg_temp", f"{table._meta.db_table}__stage")  # noqa: SLF001
        create = "CREATE TEMPORARY TABLE IF NOT EXISTS {} (LIKE {}) ON COMMIT DELETE ROWS"
        run(sql.SQL(create).format(stage, place))
        copy = sql.SQL("COPY {} ({}) FROM STDIN").format(stage, names)
        with self._beside.connection.cursor() as cursor, cursor.copy(copy) as copying:
            for values in _values(table, rows):
                copying.write_row(values)
        changed = [sql.SQL("{0} = excluded.{0}").format(sql.Identifier(c)) for c in _columns(table)]
        words = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT ({}) DO UPDATE SET {}")
        run(words.format(place, names, names, stage, sql.Identifier(key_of(table)), sql.SQL(", ").join(changed)))


def key_of(table: Table) -> str:
    """The column that is a table's primary key."""
    return str(table._meta.pk.column)  # noqa: SLF001


def key_type(table: Table) -> str:
    """PostgreSQL's type of it."""
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
