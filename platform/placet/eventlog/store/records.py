"""What is written to the log and what comes back: events as stored, streams, appends, and why something is written."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from placet.eventlog.encryption.vault import Vault
from placet.eventlog.store import codec

ANY: Final = -1
"""Expected version of a stream whose appends never conflict: taken under the stream's own lock."""


@dataclass(frozen=True, slots=True)
class EventMetadata:
    """Why something is written: the story it belongs to, the event that led to it, and who acts."""

    correlation_id: str
    causation_id: str | None = None
    actor: str | None = None


CAUSE: Final[ContextVar[EventMetadata | None]] = ContextVar("cause", default=None)


class RecordedEvent:
    """One event as stored. `fact` is decoded when it is first asked for."""

    __slots__ = (
        "_fact", "_vault", "actor", "causation_id", "command_id", "correlation_id", "data", "digest", "encrypted",
        "event_id", "position", "recorded_at", "stream", "type", "version",
    )  # fmt: skip

    event_id: str
    command_id: str
    correlation_id: str
    causation_id: str | None

    def __init__(self, row: tuple[Any, ...], vault: Vault) -> None:
        (
            self.position, self.event_id, self.stream, self.version, self.type, self.data, self.encrypted, self.digest,
            self.command_id, self.correlation_id, self.causation_id, self.actor, self.recorded_at,
        ) = row  # fmt: skip
        self._vault = vault
        self._fact: Any = None

    @property
    def fact(self) -> Any:
        """The fact, upcast, its sealed parts opened (or `ERASED`)."""
        if self._fact is None:
            self._fact = codec.decode(self.type, self.data, self.encrypted, self.event_id, self._vault)
        return self._fact

    def forget(self) -> None:
        """Drop what was opened; asked for again, it is read as the vault opens it then."""
        self._fact = None

    @property
    def at(self) -> datetime:
        """When PostgreSQL recorded it (no order may be read from it)."""
        return self.recorded_at  # type: ignore[no-any-return]  # slots carry psycopg's row values


class OutboundRecord(NamedTuple):
    """One event as a record on a topic tells it: written out by PostgreSQL, `data` as stored, nothing decoded."""

    position: int
    stream: str
    version: int
    type: str
    data: bytes
    event_id: str
    correlation_id: str
    recorded_at: str


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
    preconditions: Mapping[str, int] = field(default_factory=dict)
    command_id: str | None = None
    cause: EventMetadata | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a write landed: ids of its events and the version of the last one. `again`: it had been written before."""

    stream: str
    version: int
    event_ids: tuple[str, ...]
    was_duplicate: bool = False


@contextmanager
def event_context(cause: EventMetadata) -> Iterator[None]:
    """Everything appended inside carries this cause, unless it names its own."""
    token = CAUSE.set(cause)
    try:
        yield
    finally:
        CAUSE.reset(token)
