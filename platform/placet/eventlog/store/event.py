"""Event types: frozen dataclasses with a versioned type, a stream kind, and fields encrypted for a subject.

An `events.py` imports this module and the standard library, nothing else.
"""

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar, dataclass_transform, get_args, get_origin, get_type_hints

from placet.kernel.ids import CaseId, EventId, FilingId, GenerationId, PersonId, ReportId

__all__ = [
    "ERASED",
    "CaseId",
    "Encrypted",
    "EncryptedFor",
    "Erased",
    "EventId",
    "EventType",
    "FilingId",
    "GenerationId",
    "PersonId",
    "ReportId",
    "event",
    "stream_name",
]

T = TypeVar("T")
KIND: Final = re.compile(r"^(.+?)-[0-9a-f]{8}-[0-9a-f]{4}-")
TYPE_NAME: Final = re.compile(r"^(?P<room>[a-z]+)\.(?P<name>[a-z]+(?:_[a-z]+)*)\.v(?P<version>[1-9]\d*)$")


class Erased:
    """Replaces encrypted text whose subject's key was destroyed."""

    def __str__(self) -> str:
        return "erased"

    def __repr__(self) -> str:
        return "ERASED"

    def __bool__(self) -> bool:
        return False


ERASED: Final = Erased()

Encrypted = str | Erased


@dataclass(frozen=True, slots=True)
class EncryptedFor:
    """Names the field that holds the subject of an encrypted field: `Annotated[Encrypted, EncryptedFor("person")]`."""

    field: str


@dataclass(frozen=True, slots=True)
class EventType:
    """One registered type: `room.subject_participle.vN`, its class and its properties."""

    name: str
    room: str
    version: int
    stream_kind: str
    is_serialized: bool
    fact: type[Any]
    clears_caches: bool
    """An erasure: every process clears its caches of decrypted text when it reads this event."""
    encrypted: dict[str, str]
    """Encrypted field -> the field that names its subject."""
    tuples: frozenset[str]


class DuplicateEventType(TypeError):
    """Two classes claim one event type, or two rooms claim one stream kind."""


TYPES: Final[dict[str, EventType]] = {}
BY_CLASS: Final[dict[type[Any], EventType]] = {}
SERIALIZED: Final[set[str]] = set()
CLEARING_CACHES: Final[set[str]] = set()
"""Types after which every process clears its caches of decrypted text."""


@dataclass_transform(frozen_default=True)
def event(
    name: str, *, stream: str, serialized: bool = False, clears_caches: bool = False
) -> Callable[[type[T]], type[T]]:
    """Register a frozen dataclass as an event type on streams of the kind `stream`.

    `serialized`: appends to this kind take the stream's exclusive lock, so no append can overtake a decision that has
    it as a precondition. `clears_caches`: every process that reads one clears its caches of decrypted text.
    """

    def register(cls: type[T]) -> type[T]:
        fact = dataclass(frozen=True)(cls)
        kind = _describe(name, stream, serialized=serialized, clears_caches=clears_caches, fact=fact)
        _refuse_duplicate(kind)
        TYPES[name] = kind
        BY_CLASS[fact] = kind
        if serialized:
            SERIALIZED.add(stream)
        if clears_caches:
            CLEARING_CACHES.add(name)
        return fact

    return register


def _describe(name: str, stream: str, *, serialized: bool, clears_caches: bool, fact: type[Any]) -> EventType:
    match = TYPE_NAME.match(name)
    if match is None:
        raise TypeError(f"{name!r} is not <room>.<subject>_<past participle>.v<n>")
    hints = get_type_hints(fact, include_extras=True)
    encrypted = {
        field: annotation.field
        for field, hint in hints.items()
        if get_origin(hint) is Annotated
        for annotation in get_args(hint)[1:]
        if isinstance(annotation, EncryptedFor)
    }
    tuples = frozenset(f for f, hint in hints.items() if get_origin(hint) is tuple)
    return EventType(
        name, match["room"], int(match["version"]), stream, serialized, fact, clears_caches, encrypted, tuples
    )


def _refuse_duplicate(new: EventType) -> None:
    if new.name in TYPES and TYPES[new.name].fact.__qualname__ != new.fact.__qualname__:
        raise DuplicateEventType(new.name)
    for known in TYPES.values():
        if known.stream_kind == new.stream_kind and known.room != new.room:
            raise DuplicateEventType(f"streams of kind {new.stream_kind!r} belong to {known.room}, not to {new.room}")


def clear_fields(kind: EventType) -> list[str]:
    """Names of the fields that are stored in the clear."""
    return [f.name for f in dataclasses.fields(kind.fact) if f.name not in kind.encrypted]


def is_serialized(stream: str) -> bool:
    """Whether appends to this stream take its exclusive lock."""
    return stream_kind(stream) in SERIALIZED


def stream_name(fact: type[Any], subject: object) -> str:
    """The stream that holds events of this type about one subject: `generation-<id>` for `GenerationRequested`."""
    return f"{BY_CLASS[fact].stream_kind}-{subject}"


def stream_kind(stream: str) -> str:
    """`consent` for `consent-<uuid>`; the whole name for the only stream of its kind."""
    match = KIND.match(stream)
    return match[1] if match else stream
