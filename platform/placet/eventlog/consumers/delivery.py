"""Delivery: the handler's access to the log; it collects what the handler writes and plans.

Nothing is written until the batch ends; then all of it is written in one transaction with the consumer's checkpoint.
Reads see what the same batch has collected before.
"""

import uuid
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from placet.eventlog.encryption.cache_invalidation import register_cache
from placet.eventlog.store.log import Append, Appended, EventLog, EventMetadata, RecordedEvent, Stream


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """An outbox item to plan: done once under (consumer, event, key)."""

    kind: str
    key: str
    payload: Mapping[str, Any]
    event_id: str
    stream: str
    fairness_key: str = ""
    """The owner, if an owner with many items must not keep others waiting."""


class StreamCache:
    """Streams kept from batch to batch. Events never change, so only a stream's new events are read.

    `at_most`: maximum number of events. Evicts the least recently used streams, never the last one.
    """

    def __init__(self, at_most: int = 2_000) -> None:
        self.at_most = at_most
        self._known: OrderedDict[str, Stream] = OrderedDict()
        self._event_count = 0
        self._is_stale = False
        register_cache(self)

    def clear(self) -> None:
        """Called by another thread; takes effect at this thread's next batch, at most half a second later."""
        self._is_stale = True

    def apply_invalidation(self) -> None:
        """Drop everything if `clear` was called."""
        if self._is_stale:
            self._is_stale = False
            self._known.clear()
            self._event_count = 0

    def read(self, log: EventLog, names: Sequence[str]) -> dict[str, Stream]:
        """The streams as committed now."""
        self.apply_invalidation()
        known = {name: self._known.get(name, Stream(name)) for name in names}
        new_events = log.read_since({name: stream.version for name, stream in known.items()})
        for name, stream in known.items():
            if new_events[name]:
                known[name] = Stream(name, (*stream.events, *new_events[name]))
            self._keep(known[name])
        return known

    def _keep(self, stream: Stream) -> None:
        """Store as the most recently used. An evicted stream may be of the same query."""
        if before := self._known.pop(stream.name, None):
            self._event_count -= len(before.events)
        self._known[stream.name] = stream
        self._event_count += len(stream.events)
        while self._event_count > self.at_most and len(self._known) > 1:
            self._event_count -= len(self._known.popitem(last=False)[1].events)

    def __len__(self) -> int:
        """Number of cached events."""
        return self._event_count


@dataclass(slots=True)
class UnitOfWork:
    """What the handlers of one batch have read, written and planned so far."""

    log: EventLog
    known: StreamCache = field(default_factory=StreamCache)
    streams: dict[str, Stream] = field(default_factory=dict)
    ends: dict[str, Stream] = field(default_factory=dict)
    seen_heads: dict[str, int] = field(default_factory=dict)
    writes: list[Append] = field(default_factory=list)
    outbox_items: list[PlannedItem] = field(default_factory=list)

    def read(self, stream: str) -> Stream:
        """The stream as committed, followed by what this batch has collected for it."""
        self.preload([stream])
        return self.streams[stream]

    def read_last(self, stream: str, at_most: int) -> Stream:
        """The end of a long stream as first read, followed by what this batch has collected for it."""
        if stream not in self.ends:
            self.ends[stream] = self.log.read_last(stream, at_most)
        return self.ends[stream]

    def preload(self, streams: Iterable[str]) -> None:
        """Read several streams in one query."""
        missing = [s for s in dict.fromkeys(streams) if s not in self.streams]
        if missing:
            self.streams.update(self.known.read(self.log, missing))

    def heads_of(self, streams: Iterable[str]) -> dict[str, int]:
        """Heads as this batch first read them. Preconditions detect later changes when the batch is written."""
        names = set(streams)
        if missing := names - set(self.seen_heads):
            self.seen_heads.update(self.log.heads(missing))
        return {name: self.seen_heads[name] for name in names}

    def record(self, write: Append) -> None:
        """Collect a write, visible to later reads of the same batch."""
        for cached in (self.streams, self.ends):
            if known := cached.get(write.stream):
                collected = tuple(_unwritten(write, fact, known.version + n) for n, fact in enumerate(write.facts, 1))
                cached[write.stream] = Stream(write.stream, known.events + collected)
        self.writes.append(write)


class Delivery:
    """One event for one consumer. Its command id is `uuid5(event id, consumer)`: a repeat writes nothing."""

    def __init__(self, event: RecordedEvent, consumer: str, work: UnitOfWork) -> None:
        self.event = event
        self.consumer = consumer
        self._work = work
        self._command_id = str(uuid.uuid5(uuid.UUID(event.event_id), consumer))

    @property
    def event_id(self) -> str:
        """The id of the delivered event."""
        return self.event.event_id

    def read(self, stream: str) -> Stream:
        """A stream as committed, with what this batch has collected for it."""
        return self._work.read(stream)

    def read_last(self, stream: str, at_most: int) -> Stream:
        """The end of a long stream."""
        return self._work.read_last(stream, at_most)

    def read_after(self, stream: str, version: int) -> Stream:
        """The events of a stream above a version, as committed."""
        return self._work.log.read(stream, after=version)

    def preload(self, streams: Iterable[str]) -> None:
        """Read several streams in one query."""
        self._work.preload(streams)

    def heads(self, streams: Iterable[str]) -> dict[str, int]:
        """Current versions of streams; each is read once per batch."""
        return self._work.heads_of(streams)

    def append(
        self,
        stream: str,
        facts: Sequence[object],
        *,
        expected: int,
        preconditions: Mapping[str, int] | None = None,
        command_id: str | None = None,
    ) -> Appended | None:
        """Collect an append, written when the batch ends. Handling the same event again writes nothing."""
        if not facts:
            return None
        cause = EventMetadata(self.event.correlation_id, self.event_id, self.event.actor)
        write = Append(stream, tuple(facts), expected, preconditions or {}, command_id or self._command_id, cause)
        self._work.record(write)
        return None

    def append_all(self, writes: Sequence[Append]) -> list[Appended]:
        """Collect one decision's writes to several streams."""
        for write in writes:
            self.append(write.stream, write.facts, expected=write.expected, preconditions=write.preconditions)
        return []

    def request_of(self, fact: Any) -> Any:
        """The first fact of the event's stream; no query if it is this one."""
        return fact if self.event.version == 1 else self.read(self.event.stream).facts[0]

    def answer(self, stream: str, fact: object, attempt: int) -> None:
        """Append a verdict to its own stream. The first attempt begins the stream; only later ones read it."""
        self.append(stream, [fact], expected=0 if attempt == 1 else self.read(stream).version)

    def plan(self, kind: str, payload: Mapping[str, Any], *, key: str, fairness_key: str = "") -> None:
        """Collect an outbox item: done at least once, under one stable key. `fairness_key`: see `PlannedItem`."""
        self._work.outbox_items.append(PlannedItem(kind, key, payload, self.event_id, self.event.stream, fairness_key))


def _unwritten(write: Append, fact: object, version: int) -> RecordedEvent:
    """A collected event, visible to this batch only."""
    row = (None, "", write.stream, version, "", b"", None, b"", write.command_id, None, None, None, None)
    event = RecordedEvent(row, None)  # type: ignore[arg-type]  # its fact is set below, nothing is decrypted
    event._fact = fact  # noqa: SLF001
    return event
