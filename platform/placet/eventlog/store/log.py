"""Append and read: the only door to the log's tables.

`append` runs in the caller's transaction when there is one, else in one of its own. It takes no table lock and sends no
notice: uniqueness of (stream, version) decides who was first, the sequencer decides the order afterwards.
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
    ANSWER,
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
    """What commands need: `EventLog` itself, or the gathered writes of a consumer's delivery."""

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
        """The events of a stream with a version above `after`."""
        return Stream(stream, tuple(self._events(READ, (stream, after))))

    def read_last(self, stream: str, at_most: int) -> Stream:
        """The newest events of a stream, oldest of them first."""
        return Stream(stream, tuple(reversed(self._events(READ_LAST, (stream, at_most)))))

    def read_many(self, streams: Iterable[str]) -> dict[str, Stream]:
        """Several streams in one question; a stream that does not exist is empty."""
        names = sorted(set(streams))
        found: dict[str, list[RecordedEvent]] = {name: [] for name in names}
        for event in self._events(READ_MANY, (names,)):
            found[event.stream].append(event)
        return {name: Stream(name, tuple(events)) for name, events in found.items()}

    def read_since(self, known: Mapping[str, int]) -> dict[str, list[RecordedEvent]]:
        """What streams have beyond the versions that are known already, in one question."""
        found: dict[str, list[RecordedEvent]] = {name: [] for name in known}
        for event in self._events(READ_SINCE, (list(known), list(known.values()))):
            found[event.stream].append(event)
        return found

    def read_from(self, position: int, limit: int) -> list[RecordedEvent]:
        """Up to `limit` events with a position above `position`, in order. Dense: none is ever missing between."""
        return self._events(READ_FROM, (position, limit))

    def read_for_relay(self, position: int, limit: int) -> list[OutboundRecord]:
        """The same as `read_from`, for the relay: what a record tells of each event, in a third of the time."""
        return [OutboundRecord._make(row) for row in self._rows(READ_FOR_RELAY, (position, limit))]

    def read_at(self, positions: Iterable[int]) -> dict[int, RecordedEvent]:
        """The events at these positions, as far as there are any, in one question."""
        wanted = list(positions)
        return {event.position: event for event in self._events(READ_AT, (wanted,))} if wanted else {}

    def read_types(self, after: int, up_to: int, types: Iterable[str]) -> list[RecordedEvent]:
        """The events of some stored types in a range of positions, in order."""
        return self._events(READ_TYPES, (after, up_to, list(types)))

    def read_by_types(self, after: int, up_to: int, kinds: Iterable[str]) -> list[RecordedEvent]:
        """The same in any version; `kinds`: as `kind_of` gives them. Soon after they were written, in small ranges."""
        return self._events(READ_BY_TYPES, (after, up_to, up_to - after, list(kinds)))

    def read_correlated(self, correlation_id: str) -> list[RecordedEvent]:
        """Every event of one story, in the order written; those not yet sequenced carry position None."""
        return self._events(READ_CORRELATED, (correlation_id,))

    def streams_by_type(self, type_name: str, *, up_to: int, at_most: int) -> list[str]:
        """The streams that hold an event of this type, newest first, up to a position."""
        return [row[0] for row in self._rows(STREAMS_BY_TYPE, (type_name, up_to, at_most))]

    def heads(self, streams: Iterable[str]) -> dict[str, int]:
        """The version of each stream's last event, 0 where there is none."""
        return dict(self._rows(HEADS, (sorted(set(streams)),)))

    @property
    def last_position(self) -> int:
        """The highest position given so far."""
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

        Raises `WrongExpectedVersion`, `PreconditionFailed` or `Conflict`: nothing is written.

        `given`: stream -> version that this decision rests on. `command_id`: repeated, it gets its first answer.
        """
        return self.append_all([Append(stream, facts, expected, preconditions or {}, command_id)])[0]

    def append_all(self, writes: Sequence[Append]) -> list[Appended]:
        """All or nothing: the writes of one decision, over several streams, in one transaction."""
        batch = AppendBatch(writes, self.vault)
        try:
            if not batch.locks and self._is_idle and self.connection.autocommit:
                self._insert(batch)  # one statement is all or nothing by itself
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
        """The same for a caller who undoes the whole transaction he is in when this raises: no savepoint is needed.

        Raises `Conflict` for commands that were answered before as well.
        """
        batch = AppendBatch(writes, self.vault)
        try:
            self._lock(batch)
            self._check_preconditions(batch)
            self._insert(batch)
        except (_InsertRejected, psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected) as cause:
            raise Conflict("something of this was written before, or by another. Retry one by one.") from cause

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
        """After the locks: check the given heads, and learn the versions of the streams appended with ANY."""
        if not batch.asked:
            return
        heads = self.heads(batch.asked)
        moved = {s: (v, heads[s]) for s, v in batch.given if heads[s] != v}
        if moved and all(self._known(batch)):
            raise _InsertRejected
        if moved:
            raise PreconditionFailed(moved)
        batch.number(heads)

    def _resolve_duplicates(self, batch: AppendBatch, cause: Exception) -> list[Appended]:
        """What the same commands were answered before; else why nothing was written now."""
        known = self._known(batch)
        if answers := [k for k in known if k]:
            if len(answers) == len(known):
                return answers
            raise Conflict("part of this was written before; nothing was written now. Retry one by one.") from cause
        heads = self.heads(batch.bases)
        for stream, expected in batch.bases.items():
            if stream not in batch.any and heads[stream] != expected:
                raise WrongExpectedVersion(stream, expected, heads[stream]) from cause
        raise Conflict("another writer was first; nothing was written. Retry the whole command.") from cause

    def _known(self, batch: AppendBatch) -> list[Appended | None]:
        """What earlier runs of the same commands wrote, write by write."""
        return [self._answer(w) if w.command_id else None for w in batch.writes]

    def _answer(self, write: Append) -> Appended | None:
        rows = self._rows(ANSWER, (write.stream, write.command_id))
        return Appended(write.stream, rows[-1][0], tuple(r[1] for r in rows), was_duplicate=True) if rows else None

    # -- plumbing

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """A transaction of its own, or a savepoint in the caller's: a refused write leaves nothing behind."""
        if self._is_idle and not self.connection.autocommit:
            self._rows("SELECT 1", ())  # the caller's transaction must begin before psycopg would begin, and end, one
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
    """The insert's own conditions wrote fewer rows than asked: rolls back what it did write."""


def current_log() -> EventLog:
    """The log over this thread's Django connection, inside its transaction when there is one.

    It asks past Django, which therefore does not learn that its server has died: a lost connection is made anew here.
    """
    held = django_connection.connection
    if held is not None and held.closed and not django_connection.in_atomic_block:
        django_connection.close()
    django_connection.ensure_connection()
    return EventLog(django_connection.connection)
