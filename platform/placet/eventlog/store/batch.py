"""The rows of one write, checked and numbered."""

import os
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from placet.eventlog.encryption.vault import Vault
from placet.eventlog.store import codec
from placet.eventlog.store.errors import MixedStream
from placet.eventlog.store.event import is_serialized, stream_kind
from placet.eventlog.store.records import ANY, CAUSE, Append, Appended, EventMetadata


class AppendBatch:
    """The rows of one write, checked before any statement is sent."""

    def __init__(self, writes: Sequence[Append], vault: Vault) -> None:
        self.writes = writes
        self.size = sum(len(w.facts) for w in writes)
        self.vault = vault
        self.preconditions = {(s, v) for w in writes for s, v in w.preconditions.items()}
        self.precondition_streams = {s for s, _ in self.preconditions}
        self.any = {w.stream for w in writes if w.expected == ANY}
        exclusive = self.any | {w.stream for w in writes if is_serialized(w.stream)}
        self.locks = {s: s in exclusive for s in exclusive | self.precondition_streams}
        self.bases: dict[str, int] = {}
        for write in writes:
            self.bases.setdefault(write.stream, write.expected)
        self._ids = [tuple(new_event_id() for _ in w.facts) for w in writes]
        self._ends: list[int] = []

    @property
    def streams_to_read(self) -> set[str]:
        """Streams whose heads must be read under the locks."""
        return self.any | self.precondition_streams

    def number(self, heads: Mapping[str, int]) -> None:
        """Set the base versions of the streams appended with ANY."""
        self.bases.update({s: heads[s] for s in self.any})

    def appended(self) -> list[Appended]:
        """Stream, version and event ids of each write."""
        return [Appended(w.stream, end, ids) for w, end, ids in zip(self.writes, self._ends, self._ids, strict=True)]

    def rows(self) -> list[tuple[Any, ...]]:
        """The rows to insert, in order."""
        versions = dict(self.bases)
        rows: list[tuple[Any, ...]] = []
        self._ends = []
        for write, ids in zip(self.writes, self._ids, strict=True):
            is_first = versions[write.stream] == self.bases[write.stream]
            rows += self._rows_of(write, ids, versions[write.stream], is_first=is_first)
            versions[write.stream] += len(write.facts)
            self._ends.append(versions[write.stream])
        return rows

    def _rows_of(self, write: Append, ids: tuple[str, ...], base: int, *, is_first: bool) -> Iterator[tuple[Any, ...]]:
        cause = write.cause or CAUSE.get() or EventMetadata(ids[0])
        command_id = write.command_id or ids[0]
        for ordinal, (fact, event_id) in enumerate(zip(write.facts, ids, strict=True)):
            kind = codec.type_of(fact)
            if kind.stream_kind != stream_kind(write.stream):
                raise MixedStream(f"{kind.name} belongs on {kind.stream_kind}-…, not on {write.stream}")
            data, encrypted = codec.encode(fact, event_id, self.vault)
            yield (
                event_id, write.stream, base + ordinal + 1, kind.name, data, encrypted, codec.digest(data, encrypted),
                command_id, ordinal, cause.correlation_id, cause.causation_id, cause.actor, is_first and ordinal == 0,
            )  # fmt: skip


def new_event_id() -> str:
    """A UUID of version 7: time first, so the index grows at its end."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    value = milliseconds << 80 | 0x7 << 76 | (random >> 68 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return str(uuid.UUID(int=value))
