"""Records of the log: stored events, streams, appends and event metadata."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from placet.eventlog.encryption.vault import Vault
from placet.eventlog.store import codec

ANY: Final = -1
"""Expected version of an append that never conflicts: its version is read under the stream's lock."""


@dataclass(frozen=True, slots=True)
class EventMetadata:
    """Metadata of an append: correlation id, the event that caused it, and who acts."""

    correlation_id: str
    causation_id: str | None = None
    actor: str | None = None


CAUSE: Final[ContextVar[EventMetadata | None]] = ContextVar("cause", default=None)


class RecordedEvent:
    """One event as stored. `fact` is decoded on first use."""

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
        """The fact, upcast; encrypted fields are decrypted or `ERASED`."""
        if self._fact is None:
            self._fact = codec.decode(self.type, self.data, self.encrypted, self.event_id, self._vault)
        return self._fact

    def forget(self) -> None:
        """Drop the decrypted fact; the next use decodes it again."""
        self._fact = None

    @property
    def at(self) -> datetime:
        """When PostgreSQL recorded it. It gives no order."""
        return self.recorded_at  # type: ignore[no-any-return]  # slots carry psycopg's row values


class OutboundRecord(NamedTuple):
    """One event for a topic: formatted by PostgreSQL, `data` as stored, nothing decoded."""

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
        """The facts of the events."""
        return tuple(e.fact for e in self.events)


@dataclass(frozen=True, slots=True)
class Append:
    """A write to one stream."""

    stream: str
    facts: Sequence[object]
    expected: int
    preconditions: Mapping[str, int] = field(default_factory=dict)
    command_id: str | None = None
    cause: EventMetadata | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """Result of a write: its event ids and the last version. `was_duplicate`: it was written before."""

    stream: str
    version: int
    event_ids: tuple[str, ...]
    was_duplicate: bool = False


@contextmanager
def event_context(cause: EventMetadata) -> Iterator[None]:
    """Everything appended inside has this metadata, unless it names its own."""
    token = CAUSE.set(cause)
    try:
        yield
    finally:
        CAUSE.reset(token)
