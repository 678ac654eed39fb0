"""Progress of each consumer of a process in one partition, and the range that must be read from the log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from placet.eventlog.consumers.checkpoints import THE_LOG, EventSource, Progress
from placet.eventlog.store.log import RecordedEvent
from placet.eventlog.transports.delivery_queue import DeliveryQueue


@dataclass(slots=True)
class Cursor:
    """One consumer in one partition: all up to `position` is queued; records below `offset` were processed."""

    queue: DeliveryQueue
    position: int
    offset: int | None

    @classmethod
    def at(
        cls, queue: DeliveryQueue, source: EventSource, topic_id: str, checkpoints: Mapping[EventSource, Progress]
    ) -> "Cursor":
        """Cursor at the checkpoint. Ignores an offset of another topic of the same name."""
        found = checkpoints.get(source)
        if found is None:
            return cls(queue, checkpoints[THE_LOG].position, None)
        return cls(queue, max(found.position, checkpoints[THE_LOG].position), _offset(found, topic_id))


@dataclass(slots=True)
class Partition:
    """One partition assigned to this process, for all of its consumers."""

    source: EventSource
    topic_id: str
    cursors: list[Cursor] = field(default_factory=list)
    backfill_until: int = 0
    """Events up to this position are read from PostgreSQL before the next record."""

    @property
    def resume_at(self) -> int | None:
        """The first record that a consumer has not processed; None: from the oldest."""
        offsets = [cursor.offset for cursor in self.cursors]
        return None if None in offsets else min((o for o in offsets if o is not None), default=None)

    @property
    def position(self) -> int:
        """Up to here every consumer has received everything."""
        return min(cursor.position for cursor in self.cursors)

    @property
    def needs_backfill(self) -> bool:
        """Whether events are missing that the topic does not have."""
        return self.position < self.backfill_until

    def take(self, event: RecordedEvent, offset: int) -> None:
        """Queue a record's event for each consumer that lacks it: a record may be a repeat."""
        for cursor in self.cursors:
            if cursor.offset is None or offset >= cursor.offset:
                cursor.offset = offset + 1
                if event.position > cursor.position:
                    self._queue(cursor, event)
                else:
                    cursor.queue.note(self.source, Progress(cursor.position, self.topic_id, cursor.offset))

    def fill(self, events: Iterable[RecordedEvent], reached: int) -> None:
        """Queue events read from the log, up to a position, for each consumer that lacks them."""
        for event in events:
            for cursor in self.cursors:
                if event.position > cursor.position:
                    self._queue(cursor, event)
        for cursor in self.cursors:
            if cursor.position < reached:
                cursor.position = reached
                cursor.queue.note(self.source, Progress(reached, self.topic_id, cursor.offset))

    def acked(self) -> int | None:
        """The offset below which every consumer has processed everything."""
        offsets = [_offset(c.queue.acked.get(self.source, Progress(0)), self.topic_id) for c in self.cursors]
        return None if None in offsets else min(o for o in offsets if o is not None)

    def _queue(self, cursor: Cursor, event: RecordedEvent) -> None:
        cursor.position = max(cursor.position, event.position)
        cursor.queue.push(event, self.source, Progress(cursor.position, self.topic_id, cursor.offset))


def _offset(reached: Progress, topic_id: str) -> int | None:
    return reached.offset if reached.topic_id == topic_id else None
