"""What a consumer's handler gets: the log to read, and a place to gather what it writes and plans.

Nothing that a handler gathers is written until the batch ends; then all of it goes in one transaction with the
consumer's checkpoint. Reads see what the same batch has gathered before.
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
    """Something to do in the world, once under (consumer, event, key)."""

    kind: str
    key: str
    payload: Mapping[str, Any]
    event_id: str
    stream: str
    fairness_key: str = ""
    """Whose it is, where somebody with many may not keep others waiting."""


class StreamCache:
    """Streams read before, from batch to batch. What was read of a stream stays true: only its news is asked for.

    `at_most`: so many events; the streams that were not asked for longest go first, the last one never.
    """

    def __init__(self, at_most: int = 2_000) -> None:
        self.at_most = at_most
        self._known: OrderedDict[str, Stream] = OrderedDict()
        self._held = 0
        self._is_stale = False
        register_cache(self)

    def clear(self) -> None:
        """Asked for by another thread; done by this one, at its next look at the latest half a second later."""
        self._is_stale = True

    def apply_invalidation(self) -> None:
        """Drop everything, if that was asked for."""
        if self._is_stale:
            self._is_stale = False
            self._known.clear()
            self._held = 0

    def read(self, log: EventLog, names: Sequence[str]) -> dict[str, Stream]:
        """The streams as committed now."""
        self.apply_invalidation()
        known = {name: self._known.get(name, Stream(name)) for name in names}
        news = log.read_since({name: stream.version for name, stream in known.items()})
        for name, stream in known.items():
            if news[name]:
                known[name] = Stream(name, (*stream.events, *news[name]))
            self._keep(known[name])
        return known

    def _keep(self, stream: Stream) -> None:
        """As the last one that was asked for. What must go for it may be of the same question."""
        if before := self._known.pop(stream.name, None):
            self._held -= len(before.events)
        self._known[stream.name] = stream
        self._held += len(stream.events)
        while self._held > self.at_most and len(self._known) > 1:
            self._held -= len(self._known.popitem(last=False)[1].events)

    def __len__(self) -> int:
        """How many events are held."""
        return self._held


@dataclass(slots=True)
class UnitOfWork:
    """What the handlers of one batch have written so far, and what they have read."""

    log: EventLog
    known: StreamCache = field(default_factory=StreamCache)
    streams: dict[str, Stream] = field(default_factory=dict)
    ends: dict[str, Stream] = field(default_factory=dict)
    seen_heads: dict[str, int] = field(default_factory=dict)
    writes: list[Append] = field(default_factory=list)
    outbox_items: list[PlannedItem] = field(default_factory=list)

    def read(self, stream: str) -> Stream:
        """The stream as committed, followed by what this batch has gathered for it."""
        self.preload([stream])
        return self.streams[stream]

    def read_last(self, stream: str, at_most: int) -> Stream:
        """The end of a long stream as it was read first, followed by what this batch has gathered for it."""
        if stream not in self.ends:
            self.ends[stream] = self.log.read_last(stream, at_most)
        return self.ends[stream]

    def preload(self, streams: Iterable[str]) -> None:
        """Read several streams in one question."""
        missing = [s for s in dict.fromkeys(streams) if s not in self.streams]
        if missing:
            self.streams.update(self.known.read(self.log, missing))

    def heads_of(self, streams: Iterable[str]) -> dict[str, int]:
        """Heads as this batch saw them first. What has moved since is found by `given` when the batch is written."""
        names = set(streams)
        if missing := names - set(self.seen_heads):
            self.seen_heads.update(self.log.heads(missing))
        return {name: self.seen_heads[name] for name in names}

    def record(self, write: Append) -> None:
        """Show gathered facts to later reads of the same batch."""
        for held in (self.streams, self.ends):
            if known := held.get(write.stream):
                shown = tuple(_unwritten(write, fact, known.version + n) for n, fact in enumerate(write.facts, 1))
                held[write.stream] = Stream(write.stream, known.events + shown)
        self.writes.append(write)


class Delivery:
    """One event handed to one consumer. Its writes carry `uuid5(event id, consumer)`: repeated, they are one."""

    def __init__(self, event: RecordedEvent, consumer: str, gathered: UnitOfWork) -> None:
        self.event = event
        self.consumer = consumer
        self._gathered = gathered
        self._command_id = str(uuid.uuid5(uuid.UUID(event.event_id), consumer))

    @property
    def event_id(self) -> str:
        """The id of the event that is answered."""
        return self.event.event_id

    def read(self, stream: str) -> Stream:
        """A stream as committed, with what this batch has gathered for it."""
        return self._gathered.read(stream)

    def read_last(self, stream: str, at_most: int) -> Stream:
        """The end of a long stream."""
        return self._gathered.read_last(stream, at_most)

    def read_after(self, stream: str, version: int) -> Stream:
        """Only what a stream has beyond a version, as committed."""
        return self._gathered.log.read(stream, after=version)

    def preload(self, streams: Iterable[str]) -> None:
        """Read several streams in one question."""
        self._gathered.preload(streams)

    def heads(self, streams: Iterable[str]) -> dict[str, int]:
        """Versions of streams as they are now; within one batch each is asked once."""
        return self._gathered.heads_of(streams)

    def append(
        self,
        stream: str,
        facts: Sequence[object],
        *,
        expected: int,
        preconditions: Mapping[str, int] | None = None,
        command_id: str | None = None,
    ) -> Appended | None:
        """Gather an append; it is written when the batch ends. A second handling of the same event writes nothing."""
        if not facts:
            return None
        cause = EventMetadata(self.event.correlation_id, self.event_id, self.event.actor)
        write = Append(stream, tuple(facts), expected, preconditions or {}, command_id or self._command_id, cause)
        self._gathered.record(write)
        return None

    def append_all(self, writes: Sequence[Append]) -> list[Appended]:
        """Gather one decision's writes over several streams."""
        for write in writes:
            self.append(write.stream, write.facts, expected=write.expected, preconditions=write.preconditions)
        return []

    def request_of(self, fact: Any) -> Any:
        """The first fact of the stream that is answered: this one, when it is the first, without a question."""
        return fact if self.event.version == 1 else self.read(self.event.stream).facts[0]

    def answer(self, stream: str, fact: object, attempt: int) -> None:
        """A verdict on a stream of its own. The first attempt opens the stream; only later ones must look at it."""
        self.append(stream, [fact], expected=0 if attempt == 1 else self.read(stream).version)

    def plan(self, kind: str, payload: Mapping[str, Any], *, key: str, fairness_key: str = "") -> None:
        """Gather an outbox item: done at least once, under one stable key. `fairness_key`: see `PlannedItem`."""
        self._gathered.outbox_items.append(
            PlannedItem(kind, key, payload, self.event_id, self.event.stream, fairness_key)
        )


def _unwritten(write: Append, fact: object, version: int) -> RecordedEvent:
    """An event that only this batch can see yet."""
    row = (None, "", write.stream, version, "", b"", None, b"", write.command_id, None, None, None, None)
    event = RecordedEvent(row, None)  # type: ignore[arg-type]  # its fact is given, nothing is opened
    event._fact = fact  # noqa: SLF001
    return event
