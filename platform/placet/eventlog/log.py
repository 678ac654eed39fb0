"""Append and read: the only door to the log's tables.

`append` runs in the caller's transaction when there is one, else in one of its own. It takes no table lock and sends no
notice: uniqueness of (stream, version) decides who was first, the sequencer decides the order afterwards.
"""

import os
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import psycopg
from django.db import connection as django_connection

from placet.eventlog import codec
from placet.eventlog.errors import Conflict, GroundMoved, MixedStream, WrongExpectedVersion
from placet.eventlog.event import is_guarded, stream_kind
from placet.eventlog.vault import Vault, install_vault

ANY: Final = -1
"""Expected version of a stream whose appends never conflict: taken under the stream's own lock."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is written: the story it belongs to, the event that led to it, and who acts."""

    correlation_id: str
    causation_id: str | None = None
    actor: str | None = None


CAUSE: Final[ContextVar[Cause | None]] = ContextVar("cause", default=None)


class RecordedEvent:
    """One event as stored. `fact` is decoded when it is first asked for."""

    __slots__ = (
        "_fact", "_vault", "actor", "causation_id", "command_id", "correlation_id", "data", "digest", "event_id",
        "position", "recorded_at", "sealed", "stream", "type", "version",
    )  # fmt: skip

    def __init__(self, row: tuple[Any, ...], vault: Vault) -> None:
        (
            self.position, self.event_id, self.stream, self.version, self.type, self.data, self.sealed, self.digest,
            self.command_id, self.correlation_id, self.causation_id, self.actor, self.recorded_at,
        ) = row  # fmt: skip
        self._vault = vault
        self._fact: Any = None

    @property
    def fact(self) -> Any:
        """The fact, upcast, its sealed parts opened (or `ERASED`)."""
        if self._fact is None:
            self._fact = codec.decode(self.type, self.data, self.sealed, str(self.event_id), self._vault)
        return self._fact

    @property
    def at(self) -> datetime:
        """When PostgreSQL recorded it (no order may be read from it)."""
        return self.recorded_at  # type: ignore[no-any-return]  # slots carry psycopg's row values


@dataclass(frozen=True, slots=True)
class Stream:
    """The events of one stream, oldest first."""

    name: str
    events: tuple[RecordedEvent, ...] = ()

    @property
    def version(self) -> int:
        """Version of the last event; 0 for a stream that does not exist."""
        return self.events[-1].version if self.events else 0

    def __iter__(self) -> Iterator[RecordedEvent]:
        return iter(self.events)

    @property
    def facts(self) -> tuple[Any, ...]:
        """The facts alone."""
        return tuple(e.fact for e in self.events)


@dataclass(frozen=True, slots=True)
class Append:
    """One stream's share of a write."""

    stream: str
    facts: Sequence[object]
    expected: int
    given: Mapping[str, int] = field(default_factory=dict)
    command_id: str | None = None
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a write landed: ids of its events and the version of the last one. `again`: it had been written before."""

    stream: str
    version: int
    event_ids: tuple[str, ...]
    again: bool = False


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
        given: Mapping[str, int] | None = None,
        command_id: str | None = None,
    ) -> Appended | None: ...
    def append_all(self, writes: Sequence[Append]) -> list[Appended]: ...


COLUMNS: Final = (
    "e.event_id, e.stream, e.version, e.type, e.data, e.sealed, e.digest, e.command_id,"
    " e.correlation_id, e.causation_id, e.actor, e.recorded_at"
)
READ: Final = f"SELECT NULL::bigint, {COLUMNS} FROM event e WHERE e.stream = %s AND e.version > %s ORDER BY e.version"  # noqa: S608
READ_LAST: Final = (
    f"SELECT NULL::bigint, {COLUMNS} FROM event e WHERE e.stream = %s ORDER BY e.version DESC LIMIT %s"  # noqa: S608
)
READ_MANY: Final = f"SELECT NULL::bigint, {COLUMNS} FROM event e WHERE e.stream = ANY(%s) ORDER BY e.stream, e.version"  # noqa: S608
READ_FROM: Final = (
    f"SELECT p.position, {COLUMNS} FROM event_position p JOIN event e USING (id)"  # noqa: S608
    " WHERE p.position > %s ORDER BY p.position LIMIT %s"
)
READ_CORRELATED: Final = (
    f"SELECT p.position, {COLUMNS} FROM event e LEFT JOIN event_position p USING (id)"  # noqa: S608
    " WHERE e.correlation_id = %s ORDER BY e.id"
)
STREAMS_WITH: Final = (
    "SELECT e.stream FROM event e JOIN event_position p USING (id)"
    " WHERE e.type = %s AND p.position <= %s ORDER BY p.position DESC LIMIT %s"
)
HEADS: Final = (
    "SELECT s, coalesce((SELECT e.version FROM event e WHERE e.stream = s ORDER BY e.version DESC LIMIT 1), 0)"
    " FROM unnest(%s::text[]) s"
)
ANSWER: Final = "SELECT version, event_id FROM event WHERE stream = %s AND command_id = %s ORDER BY ordinal"
LOCK: Final = (
    "SELECT CASE WHEN alone THEN pg_advisory_xact_lock(key) ELSE pg_advisory_xact_lock_shared(key) END"
    " FROM (SELECT hashtextextended(s, 0) AS key, alone FROM unnest(%s::text[], %s::bool[]) AS t(s, alone)"
    " ORDER BY 1) k"
)
NAMES: Final = "event_id, stream, version, type, data, sealed, digest, command_id, ordinal, correlation_id, causation_id, actor"
PREDECESSOR: Final = "EXISTS (SELECT FROM event e WHERE e.stream = new.stream AND e.version = new.version - 1)"
COUNT: Final = "waiting AS (INSERT INTO event_pending SELECT id FROM written) SELECT count(*) FROM written"
INSERT_ONE: Final = f"""
WITH written AS (
    INSERT INTO event ({NAMES}) SELECT {NAMES}
    FROM (VALUES (%s::uuid, %s::text, %s::int, %s::text, %s::bytea, %s::bytea, %s::bytea,
        %s::uuid, %s::smallint, %s::uuid, %s::uuid, %s::text, %s::bool)) AS new({NAMES}, is_first)
    WHERE version = 1 OR {PREDECESSOR}
    RETURNING id
), {COUNT}
"""  # noqa: S608
INSERT_MANY: Final = f"""
WITH new AS (
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::int[], %s::text[], %s::bytea[], %s::bytea[], %s::bytea[],
        %s::uuid[], %s::smallint[], %s::uuid[], %s::uuid[], %s::text[], %s::bool[]) WITH ORDINALITY
        AS n({NAMES}, is_first, place)
), written AS (
    INSERT INTO event ({NAMES}) SELECT {NAMES} FROM new
    WHERE (SELECT bool_and(version = 1 OR {PREDECESSOR}) FROM new WHERE is_first)
    ORDER BY place
    RETURNING id
), {COUNT}
"""  # noqa: S608
"""All rows or none: every stream's first row must find its predecessor. Uniqueness does the rest."""


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

    def read_from(self, position: int, limit: int) -> list[RecordedEvent]:
        """Up to `limit` events with a position above `position`, in order. Dense: none is ever missing between."""
        return self._events(READ_FROM, (position, limit))

    def read_correlated(self, correlation_id: str) -> list[RecordedEvent]:
        """Every event of one story, in the order written; those not yet sequenced carry position None."""
        return self._events(READ_CORRELATED, (correlation_id,))

    def streams_with(self, type_name: str, *, up_to: int, at_most: int) -> list[str]:
        """The streams that hold an event of this type, newest first, up to a position."""
        return [row[0] for row in self._rows(STREAMS_WITH, (type_name, up_to, at_most))]

    def heads(self, streams: Iterable[str]) -> dict[str, int]:
        """The version of each stream's last event, 0 where there is none."""
        return dict(self._rows(HEADS, (sorted(set(streams)),)))

    @property
    def last_position(self) -> int:
        """The highest position given so far."""
        return int(self._rows("SELECT coalesce(max(position), 0) FROM event_position", ())[0][0])

    # -- writing

    def append(
        self,
        stream: str,
        facts: Sequence[object],
        *,
        expected: int,
        given: Mapping[str, int] | None = None,
        command_id: str | None = None,
    ) -> Appended:
        """Append facts to one stream. Raises `WrongExpectedVersion`, `GroundMoved`, `Conflict`; then nothing is written.

        `given`: stream -> version that this decision rests on. `command_id`: repeated, it answers what it answered first.
        """
        return self.append_all([Append(stream, facts, expected, given or {}, command_id)])[0]

    def append_all(self, writes: Sequence[Append]) -> list[Appended]:
        """All or nothing: the writes of one decision, over several streams, in one transaction."""
        batch = _Batch(writes, self.vault)
        try:
            if not batch.locks and self._is_idle and self.connection.autocommit:
                self._insert(batch)  # one statement is all or nothing by itself
                return batch.appended()
            with self._transaction():
                self._lock(batch)
                self._stand_on(batch)
                self._insert(batch)
            return batch.appended()
        except (_NotWritten, psycopg.errors.UniqueViolation) as cause:
            return self._first_answers(batch, cause)
        except psycopg.errors.DeadlockDetected as cause:
            raise Conflict("two writers waited for each other; nothing was written. Retry.") from cause

    def _insert(self, batch: "_Batch") -> None:
        rows = batch.rows()
        if len(rows) == 1:
            written = self._rows(INSERT_ONE, rows[0])
        else:
            written = self._rows(INSERT_MANY, [list(column) for column in zip(*rows, strict=True)])
        if written[0][0] != batch.size:
            raise _NotWritten

    def _lock(self, batch: "_Batch") -> None:
        if batch.locks:
            self._rows(LOCK, (list(batch.locks), list(batch.locks.values())))

    def _stand_on(self, batch: "_Batch") -> None:
        """After the locks: check the given heads, and learn the versions of the streams appended with ANY."""
        if not batch.asked:
            return
        heads = self.heads(batch.asked)
        moved = {s: (v, heads[s]) for s, v in batch.given if heads[s] != v}
        if moved and all(self._known(batch)):
            raise _NotWritten
        if moved:
            raise GroundMoved(moved)
        batch.number(heads)

    def _first_answers(self, batch: "_Batch", cause: Exception) -> list[Appended]:
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

    def _known(self, batch: "_Batch") -> list[Appended | None]:
        """What earlier runs of the same commands wrote, write by write."""
        return [self._answer(w) if w.command_id else None for w in batch.writes]

    def _answer(self, write: Append) -> Appended | None:
        rows = self._rows(ANSWER, (write.stream, write.command_id))
        return Appended(write.stream, rows[-1][0], tuple(str(r[1]) for r in rows), again=True) if rows else None

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
            cursor.execute(query, parameters, binary=True, prepare=True)  # type: ignore[call-overload]  # a constant
            return cursor.fetchall()


class _NotWritten(Exception):  # noqa: N818
    """The insert's own conditions wrote fewer rows than asked: rolls back what it did write."""


class _Batch:
    """The rows of one write, checked before any statement is sent."""

    def __init__(self, writes: Sequence[Append], vault: Vault) -> None:
        self.writes = writes
        self.size = sum(len(w.facts) for w in writes)
        self.vault = vault
        self.given = {(s, v) for w in writes for s, v in w.given.items()}
        self.ground = {s for s, _ in self.given}
        self.any = {w.stream for w in writes if w.expected == ANY}
        alone = self.any | {w.stream for w in writes if is_guarded(w.stream)}
        self.locks = {s: s in alone for s in alone | self.ground}
        self.bases: dict[str, int] = {}
        for write in writes:
            self.bases.setdefault(write.stream, write.expected)
        self._ids = [tuple(new_event_id() for _ in w.facts) for w in writes]
        self._ends: list[int] = []

    @property
    def asked(self) -> set[str]:
        """Streams whose heads must be read under the locks."""
        return self.any | self.ground

    def number(self, heads: Mapping[str, int]) -> None:
        """Versions for the streams appended with ANY."""
        self.bases.update({s: heads[s] for s in self.any})

    def appended(self) -> list[Appended]:
        """Where each write landed."""
        return [
            Appended(w.stream, end, ids) for w, end, ids in zip(self.writes, self._ends, self._ids, strict=True)
        ]

    def rows(self) -> list[tuple[Any, ...]]:
        """The rows as they are inserted, in order."""
        reached = dict(self.bases)
        rows: list[tuple[Any, ...]] = []
        self._ends = []
        for write, ids in zip(self.writes, self._ids, strict=True):
            is_first = reached[write.stream] == self.bases[write.stream]
            rows += self._rows_of(write, ids, reached[write.stream], is_first=is_first)
            reached[write.stream] += len(write.facts)
            self._ends.append(reached[write.stream])
        return rows

    def _rows_of(self, write: Append, ids: tuple[str, ...], base: int, *, is_first: bool) -> Iterator[tuple[Any, ...]]:
        cause = write.cause or CAUSE.get() or Cause(ids[0])
        command_id = write.command_id or ids[0]
        for ordinal, (fact, event_id) in enumerate(zip(write.facts, ids, strict=True)):
            kind = codec.type_of(fact)
            if kind.stream_kind != stream_kind(write.stream):
                raise MixedStream(f"{kind.name} belongs on {kind.stream_kind}-…, not on {write.stream}")
            data, sealed = codec.encode(fact, event_id, self.vault)
            yield (
                event_id, write.stream, base + ordinal + 1, kind.name, data, sealed, codec.digest(data, sealed),
                command_id, ordinal, cause.correlation_id, cause.causation_id, cause.actor, is_first and ordinal == 0,
            )  # fmt: skip


def new_event_id() -> str:
    """A UUID of version 7: time first, so that the index grows at its end."""
    milliseconds = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10))
    value = milliseconds << 80 | 0x7 << 76 | (chance >> 68 & 0xFFF) << 64 | 0b10 << 62 | chance & (1 << 62) - 1
    return str(uuid.UUID(int=value))


@contextmanager
def because(cause: Cause) -> Iterator[None]:
    """Everything appended inside carries this cause, unless it names its own."""
    token = CAUSE.set(cause)
    try:
        yield
    finally:
        CAUSE.reset(token)


def current_log() -> EventLog:
    """The log over this thread's Django connection, inside its transaction when there is one."""
    django_connection.ensure_connection()
    return EventLog(django_connection.connection)
