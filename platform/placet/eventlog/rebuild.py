"""Rebuild projections from the log alone, and hash their rows, so that live and replayed can be compared."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, models, transaction

from placet.eventlog.log import current_log
from placet.eventlog.projecting import AT_MOST, Projection, Rows, fold_batch

PAGE: Final = 5_000
Progress = Callable[[int, int], None]


def digest(target: Projection) -> str:
    """SHA-256 over all rows and columns of a projection's tables, in key order."""
    total = hashlib.sha256()
    for table in sorted(target.tables, key=lambda t: t._meta.db_table):  # noqa: SLF001
        for row in _rows(table):
            total.update(repr(row).encode())
    return total.hexdigest()


def _rows(table: type[models.Model]) -> Iterator[tuple[Any, ...]]:
    columns = sorted(f.attname for f in table._meta.concrete_fields)  # noqa: SLF001
    return table._default_manager.order_by("pk").values_list(*columns).iterator(chunk_size=AT_MOST)  # noqa: SLF001


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The digest of a projection's rows as they were, and as the log alone gives them."""

    name: str
    live: str
    replayed: str
    position: int

    @property
    def is_same(self) -> bool:
        """Whether live equals its replay. If not, a row was changed past the log, or a fold is not pure."""
        return self.live == self.replayed


def rebuild(target: Projection, progress: Progress = lambda _done, _of: None, *, keep: bool = True) -> Rebuilt:
    """Empty a projection's tables and fold the whole log again, up to where it stood.

    In one transaction: readers see the old rows until the new ones are whole, and a rebuild that dies changes nothing.
    `keep=False` only compares: the replayed rows are rolled back.
    """
    with transaction.atomic():
        end = _held_position(target)
        live = digest(target)
        for table in reversed(target.tables):
            table._default_manager.all().delete()  # noqa: SLF001
        _fold_to(target, end, progress)
        rebuilt = Rebuilt(target.name, live, digest(target), end)
        transaction.set_rollback(not keep)
    return rebuilt


def _held_position(target: Projection) -> int:
    """Where it stands; the row lock keeps its projector waiting until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position FROM checkpoint WHERE name = %s AND topic = '' AND partition = 0 FOR UPDATE",
            (target.name,),
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _fold_to(target: Projection, end: int, progress: Progress) -> None:
    place, log = 0, current_log()
    while place < end:
        events = log.read_from(place, min(PAGE, end - place))
        rows = Rows()
        fold_batch(target, events, rows)
        rows.write()
        place = events[-1].position
        progress(place, end)
