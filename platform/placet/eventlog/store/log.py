"""Append and read: the only access to the log's tables.

`append` runs in the caller's transaction if there is one, else in its own. It takes no table lock and notifies nobody:
the unique constraint on (stream, version) decides which writer was first, the sequencer decides the order later.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import psycopg
from django.db import connection as django_connection

from placet.eventlog.encryption.vault import Vault, install_vault
from placet.eventlog.store.batch import AppendBatch
from placet.eventlog.store.errors import Conflict, PreconditionFailed, WrongExpectedVersion
from placet.eventlog.store.records import (
    ANY,
    Append,
    Appended,
    EventMetadata,
    OutboundRecord,
    RecordedEvent,
    Stream,
    event_context,
)
from placet.eventlog.store.sql import (
    FIRST_RESULT,
    HEADS,
    INSERT_MANY,
    INSERT_ONE,
    LOCK,
    READ,
    READ_AT,
    READ_BY_TYPES,
    READ_CORRELATED,
    READ_FOR_RELAY,
    READ_FROM,
    READ_LAST,
    READ_MANY,
    READ_SINCE,
    READ_TYPES,
    STREAMS_BY_TYPE,
)

__all__ = [
    "ANY",
    "Append",
    "Appended",
    "EventLog",
    "EventMetadata",
    "Log",
    "RecordedEvent",
    "Stream",
    "current_log",
    "event_context",
]


class Log(Protocol):
    """What commands need: `EventLog`, or a consumer's `Delivery`, which collects writes."""

    def read(self, stream: str) -> Stream: ...
    def heads(self, streams: Iterable[str]) -> dict[str, int]: ...
    def append(
        self,
        stream: str,
        facts: Sequence[object],
        *,
        expected: int,
        preconditions: Mapping[str, int] | None = None,
        command_id: str | None = None,
    ) -> Appended | None: ...
    def append_all(self, writes: Sequence[Append]) -> list[Appended]: ...


class EventLog:
    """The log over one psycopg connection (READ COMMITTED). Not shared between threads."""

    def __init__(self, connection: psycopg.Connection[Any], vault: Vault | None = None) -> None:
        self.connection = connection
        self.vault = vault or install_vault()

    # -- reading

    def read(self, stream: str, after: int = 0) -> Stream:
        """The events of a stream with versions above `after`."""
        return Stream(stream, tuple(self._events(READ, (stream, after))))

    def read_last(self, stream: str, at_most: int) -> Stream:
        """The newest events of a stream, oldest first."""
        return Stream(stream, tuple(reversed(self._events(READ_LAST, (stream, at_most)))))

    def read_many(self, streams: Iterable[str]) -> dict[str, Stream]:
        """Several streams in one query; a stream that does not exist is empty."""
        names = sorted(set(streams))
        found: dict[str, list[RecordedEvent]] = {name: [] for name in names}
        for event in self._events(READ_MANY, (names,)):
            found[event.stream].append(event)
        return {name: Stream(name, tuple(events)) for name, events in found.items()}

    def read_since(self, known: Mapping[str, int]) -> dict[str, list[RecordedEvent]]:
        """The events of streams above the known versions, in one query."""
        found: dict[str, list[RecordedEvent]] = {name: [] for name in known}
        for event in self._events(READ_SINCE, (list(known), list(known.values()))):
            found[event.stream].append(event)
        return found

    def read_from(self, position: int, limit: int) -> list[RecordedEvent]:
        """Up to `limit` events with positions above `position`, in order and without gaps."""
        return self._events(READ_FROM, (position, limit))

    def read_for_relay(self, position: int, limit: int) -> list[OutboundRecord]:
        """`read_from` for the relay: only what a record needs, in a third of the time."""
        return [OutboundRecord._make(row) for row in self._rows(READ_FOR_RELAY, (position, limit))]

    def read_at(self, positions: Iterable[int]) -> dict[int, RecordedEvent]:
        """The events at these positions, where they exist, in one query."""
        wanted = list(positions)
        return {event.position: event for event in self._events(READ_AT, (wanted,))} if wanted else {}

    def read_types(self, after: int, up_to: int, types: Iterable[str]) -> list[RecordedEvent]:
        """The events of these stored types in a range of positions, in order."""
        return self._events(READ_TYPES, (after, up_to, list(types)))

    def read_by_types(self, after: int, up_to: int, kinds: Iterable[str]) -> list[RecordedEvent]:
        """`read_types` in any version, for small, recent ranges. `kinds`: from `kind_of`."""
        return self._events(READ_BY_TYPES, (after, up_to, up_to - after, list(kinds)))

    def read_correlated(self, correlation_id: str) -> list[RecordedEvent]:
        """Every event of a correlation id, in the order written; position None until sequenced."""
        return self._events(READ_CORRELATED, (correlation_id,))

    def streams_by_type(self, type_name: str, *, up_to: int, at_most: int) -> list[str]:
        """Streams with an event of this type up to a position, newest first."""
        return [row[0] for row in self._rows(STREAMS_BY_TYPE, (type_name, up_to, at_most))]

    def heads(self, streams: Iterable[str]) -> dict[str, int]:
        """The version of each stream's last event; 0 for a stream that does not exist."""
        return dict(self._rows(HEADS, (sorted(set(streams)),)))

    @property
    def last_position(self) -> int:
        """The highest position so far."""
        return int(self._rows("SELECT coalesce(max(position), 0) FROM eventlog_event_position", ())[0][0])

    # -- writing

    def append(
        self,
        stream: str,
        facts: Sequence[object],
        *,
        expected: int,
        preconditions: Mapping[str, int] | None = None,
        command_id: str | None = None,
    ) -> Appended:
        """Append facts to one stream.

        Raises `WrongExpectedVersion`, `PreconditionFailed` or `Conflict`: nothing was written.

        `preconditions`: stream -> version that the decision rests on. `command_id`: a repeat returns the first result.
        """
        return self.append_all([Append(stream, facts, expected, preconditions or {}, command_id)])[0]

    def append_all(self, writes: Sequence[Append]) -> list[Appended]:
        """Append the writes of one decision to several streams, all or nothing."""
        batch = AppendBatch(writes, self.vault)
        try:
            if not batch.locks and self._is_idle and self.connection.autocommit:
                self._insert(batch)  # one statement is atomic by itself
                return batch.appended()
            with self._transaction():
                self._lock(batch)
                self._check_preconditions(batch)
                self._insert(batch)
            return batch.appended()
        except (_InsertRejected, psycopg.errors.UniqueViolation) as cause:
            return self._resolve_duplicates(batch, cause)
        except psycopg.errors.DeadlockDetected as cause:
            raise Conflict("two writers waited for each other; nothing was written. Retry.") from cause

    def append_in_transaction(self, writes: Sequence[Append]) -> None:
        """`append_all` without a savepoint, for a caller that rolls back its whole transaction when this raises.

        Raises `Conflict`, also for commands that were written before.
        """
        batch = AppendBatch(writes, self.vault)
        try:
            self._lock(batch)
            self._check_preconditions(batch)
            self._insert(batch)
        except (_InsertRejected, psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected) as cause:
            raise Conflict("part of this was written before, or by another writer. Retry one by one.") from cause

    def _insert(self, batch: AppendBatch) -> None:
        rows = batch.rows()
        if len(rows) == 1:
            written = self._rows(INSERT_ONE, rows[0])
        else:
            written = self._rows(INSERT_MANY, [list(column) for column in zip(*rows, strict=True)])
        if written[0][0] != batch.size:
            raise _InsertRejected

    def _lock(self, batch: AppendBatch) -> None:
        if batch.locks:
            self._rows(LOCK, (list(batch.locks), list(batch.locks.values())))

    def _check_preconditions(self, batch: AppendBatch) -> None:
        """Under the locks: check the preconditions and read the versions of the streams appended with ANY."""
        if not batch.streams_to_read:
            return
        heads = self.heads(batch.streams_to_read)
        changed = {s: (v, heads[s]) for s, v in batch.preconditions if heads[s] != v}
        if changed and all(self._known(batch)):
            raise _InsertRejected
        if changed:
            raise PreconditionFailed(changed)
        batch.number(heads)

    def _resolve_duplicates(self, batch: AppendBatch, cause: Exception) -> list[Appended]:
        """Return the first results of the same commands; else raise why nothing was written."""
        known = self._known(batch)
        if results := [k for k in known if k]:
            if len(results) == len(known):
                return results
            raise Conflict("part of this was written before; nothing was written now. Retry one by one.") from cause
        heads = self.heads(batch.bases)
        for stream, expected in batch.bases.items():
            if stream not in batch.any and heads[stream] != expected:
                raise WrongExpectedVersion(stream, expected, heads[stream]) from cause
        raise Conflict("another writer was first; nothing was written. Retry the whole command.") from cause

    def _known(self, batch: AppendBatch) -> list[Appended | None]:
        """What earlier runs of the same commands wrote, per write."""
        return [self._first_result(w) if w.command_id else None for w in batch.writes]

    def _first_result(self, write: Append) -> Appended | None:
        rows = self._rows(FIRST_RESULT, (write.stream, write.command_id))
        return Appended(write.stream, rows[-1][0], tuple(r[1] for r in rows), was_duplicate=True) if rows else None

    # -- plumbing

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """A transaction, or a savepoint in the caller's: a refused write leaves nothing behind."""
        if self._is_idle and not self.connection.autocommit:
            self._rows("SELECT 1", ())  # begin the caller's transaction, or psycopg would begin and end one
        with self.connection.transaction():
            yield

    @property
    def _is_idle(self) -> bool:
        return self.connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE

    def _events(self, query: str, parameters: Sequence[Any]) -> list[RecordedEvent]:
        return [RecordedEvent(row, self.vault) for row in self._rows(query, parameters)]

    def _rows(self, query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        with psycopg.Cursor(self.connection) as cursor:
            cursor.execute(query, parameters, binary=True, prepare=True)
            return cursor.fetchall()


class _InsertRejected(Exception):
    """The insert wrote fewer rows than requested: roll back."""


def current_log() -> EventLog:
    """The log over this thread's Django connection, inside its transaction when there is one.

    Queries bypass Django, which does not notice a lost connection: it is replaced here.
    """
    current = django_connection.connection
    if current is not None and current.closed and not django_connection.in_atomic_block:
        django_connection.close()
    django_connection.ensure_connection()
    return EventLog(django_connection.connection)
