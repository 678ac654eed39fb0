"""Projections: the log folded into tables, by position. They can be dropped and rebuilt at any time.

Contract: a fold sees one event and the rows of the current batch, and writes only its own tables. One transaction per
batch with the checkpoint, which moves only from the position before the batch to the last one in it.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from django.db import connection, models, transaction

from placet.eventlog.consumers import checkpoints
from placet.eventlog.consumers.pacing import pause_after
from placet.eventlog.failpoints import failpoint
from placet.eventlog.store.codec import UnknownEventType
from placet.eventlog.store.connect import DATABASE_UNAVAILABLE
from placet.eventlog.store.event import BY_CLASS, stream_kind
from placet.eventlog.store.log import RecordedEvent, current_log
from placet.eventlog.store.log_context import log_context
from placet.eventlog.store.upcast import newest_name
from placet.eventlog.store.versions import is_unknown_version

logger = logging.getLogger(__name__)
M = TypeVar("M", bound=models.Model)
MAX_BATCH: Final = 2_000
GATHER_SECONDS: Final = 0.1
MAX_GATHER_SECONDS: Final = 0.4
MAX_BACKOFF_SECONDS: Final = 5.0
Fold = Callable[[Any, RecordedEvent, "ProjectionRows"], None]


@dataclass(slots=True)
class Projection:
    """A named set of tables and the folds that fill them."""

    name: str
    version: int
    tables: tuple[type[models.Model], ...]
    by_stream: dict[str, type[models.Model]] = field(default_factory=dict)
    """Stream kind -> the table whose primary key is the stream's id; its rows are read per batch."""
    folds: dict[str, Fold] = field(default_factory=dict)

    def fold_of(self, stored: str) -> Fold | None:
        """The fold of a stored type. Raises `UnknownEventType` for a newer version of a type it folds."""
        if (fold := self.folds.get(stored)) or (fold := self.folds.get(newest_name(stored))):
            return fold
        if is_unknown_version(stored, self.folds):
            raise UnknownEventType(f"{stored}: projection {self.name} waits for the release that knows it")
        return None

    def on(self, *facts: type[Any]) -> Callable[[Fold], Fold]:
        """Register a fold `(fact, event, rows)` for some event types."""

        def register(fold: Fold) -> Fold:
            self.folds.update({BY_CLASS[fact].name: fold for fact in facts})
            return fold

        return register


PROJECTIONS: Final[dict[str, Projection]] = {}


def projection(
    name: str,
    *,
    version: int,
    tables: Sequence[type[models.Model]],
    by_stream: dict[str, type[models.Model]] | None = None,
) -> Projection:
    """Declare a projection. A change of its folds needs a new `version`, which rebuilds it."""
    PROJECTIONS[name] = Projection(name, version, tuple(tables), by_stream or {})
    return PROJECTIONS[name]


class ProjectionRows:
    """The rows of a batch: read once, changed in memory, written together at the end."""

    def __init__(self) -> None:
        self._cached: dict[tuple[type[models.Model], Any], models.Model | None] = {}
        self._changed: set[tuple[type[models.Model], Any]] = set()

    def preload(self, table: type[models.Model], keys: Collection[Any]) -> None:
        """Read many rows in one query; absent rows are cached as absent."""
        missing = [key for key in keys if (table, key) not in self._cached]
        found = self._read(table, missing) if missing else {}
        for key in missing:
            self._cached[table, key] = found.get(str(key))

    def get(self, table: type[M], key: Any) -> M | None:
        """The row under a primary key, or None."""
        cache_key = (table, key)
        if cache_key not in self._cached:
            self._cached[cache_key] = self._read(table, [key]).get(str(key))
        return self._cached[cache_key]  # type: ignore[return-value]  # cached under its own table

    def change(self, table: type[M], key: Any) -> M:
        """The row under a primary key, to be changed in place. Raises `KeyError` if absent."""
        row = self.get(table, key)
        if row is None:
            raise KeyError(f"{table.__name__} {key} is missing: events of one stream were folded out of order")
        self._changed.add((table, key))
        return row

    def put(self, row: models.Model) -> None:
        """Insert or replace a row."""
        cache_key = (type(row), row.pk)
        self._cached[cache_key] = row
        self._changed.add(cache_key)

    def drop(self, table: type[models.Model], key: Any) -> None:
        """Delete a row."""
        self._cached[table, key] = None
        self._changed.add((table, key))

    def write(self) -> None:
        """Write the changed rows, one statement per table."""
        for table in {t for t, _ in self._changed}:
            keys = [k for t, k in self._changed if t is table]
            changed = [row for k in keys if (row := self._cached[table, k]) is not None]
            self._write(table, changed, [k for k in keys if self._cached[table, k] is None])
        self._changed.clear()

    def _read(self, table: type[models.Model], keys: Collection[Any]) -> dict[str, models.Model]:
        return {str(k): row for k, row in table._default_manager.in_bulk(list(keys)).items()}  # noqa: SLF001

    def _write(self, table: type[models.Model], changed: list[models.Model], deleted: list[Any]) -> None:
        _upsert(table, changed)
        if deleted:
            table._default_manager.filter(pk__in=deleted).delete()  # noqa: SLF001


def _upsert(table: type[models.Model], rows: list[models.Model]) -> None:
    if not rows:
        return
    key = table._meta.pk  # noqa: SLF001
    others = [f.name for f in table._meta.concrete_fields if f is not key]  # noqa: SLF001
    manager = table._default_manager  # noqa: SLF001
    if others:
        manager.bulk_create(rows, update_conflicts=True, update_fields=others, unique_fields=[key.name])
    else:
        manager.bulk_create(rows, ignore_conflicts=True)


class CheckpointMoved(RuntimeError):
    """Another process has moved this projection's checkpoint: our batch is rolled back."""


def position_of(name: str) -> int:
    """The position of a projection."""
    with connection.cursor() as cursor:
        cursor.execute(checkpoints.BEGIN, (name, PROJECTIONS[name].version if name in PROJECTIONS else 1))
        cursor.execute(
            "SELECT position FROM eventlog_checkpoint WHERE name = %s AND topic = '' AND partition = 0", (name,)
        )
        return int(cursor.fetchone()[0])


def is_outdated(target: Projection) -> bool:
    """Whether the rows were written by another version of the projection."""
    position_of(target.name)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version <> %s FROM eventlog_checkpoint WHERE name = %s AND topic = '' AND partition = 0",
            (target.version, target.name),
        )
        return bool(cursor.fetchone()[0])


def apply_batch(target: Projection, events: Sequence[RecordedEvent], rows: ProjectionRows) -> None:
    """Fold events into rows, in order."""
    mine = [(event, fold) for event in events if (fold := target.fold_of(event.type))]
    for kind, table in target.by_stream.items():
        names = {event.stream for event, _ in mine if stream_kind(event.stream) == kind}
        rows.preload(table, [name.removeprefix(f"{kind}-") for name in names])
    for event, fold in mine:
        fold(event.fact, event, rows)


def commit_batch(targets: Iterable[Projection], events: Sequence[RecordedEvent]) -> None:
    """Fold one batch into each target and move the checkpoints, in one transaction. Raises `CheckpointMoved`."""
    first, last = events[0].position, events[-1].position
    with transaction.atomic():
        for target in targets:
            move_checkpoint(target, first - 1, last)  # first: its row lock excludes a rebuild of the same tables
            rows = ProjectionRows()
            apply_batch(target, events, rows)
            rows.write()
            failpoint(f"{target.name}.folded")
    failpoint("projections.committed")


def move_checkpoint(target: Projection, before: int, to: int) -> None:
    """Move a checkpoint from exactly `before`. Raises `CheckpointMoved`, also for rows of another version."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE eventlog_checkpoint SET position = %s, updated_at = clock_timestamp()"
            " WHERE name = %s AND topic = '' AND partition = 0 AND position = %s AND version = %s",
            (to, target.name, before, target.version),
        )
        if cursor.rowcount != 1:
            raise CheckpointMoved(
                f"projection {target.name} is not at position {before} of version {target.version} any more"
            )


class Projector:
    """Keeps all projections up to date. One that fails stops alone; the others continue."""

    def __init__(self, targets: Collection[Projection] | None = None) -> None:
        self.targets = list(targets if targets is not None else PROJECTIONS.values())
        self._positions: dict[str, int] = {}
        """Position of each projection; read again when another process moved one."""
        self._backoff: dict[str, tuple[float, float]] = {}
        """Stopped projections -> (time of the next try, length of the pause)."""

    def run_once(self) -> int:
        """Fold new events. Returns the largest number of events that a projection applied."""
        active = [t for t in self.targets if self._backoff.get(t.name, (0.0, 0.0))[0] <= time.monotonic()]
        if not self._positions.keys() >= {t.name for t in active}:
            self._positions = {t.name: position_of(t.name) for t in active if self._is_mine(t)}
        positions = {t.name: self._positions[t.name] for t in active if t.name in self._positions}
        return max((self._apply_group(position, positions) for position in set(positions.values())), default=0)

    def _is_mine(self, target: Projection) -> bool:
        """Whether the rows have this release's version. If not, they wait for `placet rebuild-projections`."""
        if is_outdated(target):
            logger.warning("projection %s is not at version %s: it is stopped", target.name, target.version)
            self._back_off(target)
            return False
        return True

    def _back_off(self, target: Projection) -> None:
        pause = min(MAX_BACKOFF_SECONDS, 2 * self._backoff.get(target.name, (0.0, 0.25))[1])
        self._backoff[target.name] = (time.monotonic() + pause, pause)

    def _apply_group(self, position: int, positions: dict[str, int]) -> int:
        events = current_log().read_from(position, MAX_BATCH)
        if not events:
            return 0
        group = [t for t in self.targets if positions.get(t.name) == position]
        try:
            commit_batch(group, events)
        except CheckpointMoved:
            self._positions.clear()
            return 0
        except DATABASE_UNAVAILABLE:
            self._positions.clear()
            raise
        except Exception:  # noqa: BLE001  a fold may raise anything: each target is now tried alone
            self._positions.clear()
            return sum(self._apply_individually(target, events) for target in group)
        for target in group:
            self._positions[target.name] = events[-1].position
            self._backoff.pop(target.name, None)
        return len(events)

    def _apply_individually(self, target: Projection, events: Sequence[RecordedEvent]) -> int:
        """After a failed batch: fold one target event by event, up to the one that fails."""
        applied = 0
        for event in events:
            try:
                commit_batch([target], [event])
            except CheckpointMoved:
                break
            except DATABASE_UNAVAILABLE:
                raise
            except Exception:
                with log_context(event.correlation_id):
                    logger.exception("projection %s is stopped before position %s", target.name, event.position)
                self._back_off(target)
                break
            applied += 1
        return applied

    def run(self, stop: threading.Event, idle_seconds: float = 0.02) -> None:
        """Fold until stopped; a lost connection is replaced."""
        while not stop.is_set():
            try:
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SET synchronous_commit = off"
                    )  # a lost batch is lost with its checkpoint: fold again
                while not stop.is_set():
                    begun = time.monotonic()
                    applied = self.run_once()
                    took = time.monotonic() - begun
                    if applied < MAX_BATCH:
                        stop.wait(pause_after(took, GATHER_SECONDS, MAX_GATHER_SECONDS) if applied else idle_seconds)
            except Exception:
                logger.exception("projections stopped unexpectedly; restarting")
                self._positions.clear()
                connection.close()
                time.sleep(0.5)
