"""How far each consumer of a process has come in one partition, and what the partition cannot give it any more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from placet.eventlog.consumers.checkpoints import THE_LOG, EventSource, Progress
from placet.eventlog.store.log import RecordedEvent
from placet.eventlog.transports.delivery_queue import DeliveryQueue


@dataclass(slots=True)
class Cursor:
    """One consumer in one partition: all up to `position` is in its queue; records below `offset` were answered."""

    queue: DeliveryQueue
    position: int
    offset: int | None

    @classmethod
    def at(
        cls, queue: DeliveryQueue, place: EventSource, topic_id: str, written: Mapping[EventSource, Progress]
    ) -> "Cursor":
        """Where the checkpoint says. An offset of another topic of this name says nothing of this one."""
        found = written.get(place)
        if found is None:
            return cls(queue, written[THE_LOG].position, None)
        return cls(queue, max(found.position, written[THE_LOG].position), _offset(found, topic_id))


@dataclass(slots=True)
class Partition:
    """One partition that this process has, for all of its consumers."""

    place: EventSource
    topic_id: str
    cursors: list[Cursor] = field(default_factory=list)
    owed_until: int = 0
    """Up to this position the log in PostgreSQL is asked, before the next record is taken."""

    @property
    def resume_at(self) -> int | None:
        """The first record that one of the consumers has not answered; None: from the oldest."""
        offsets = [cursor.offset for cursor in self.cursors]
        return None if None in offsets else min((o for o in offsets if o is not None), default=None)

    @property
    def position(self) -> int:
        """Up to here every consumer has been handed everything."""
        return min(cursor.position for cursor in self.cursors)

    @property
    def is_owed(self) -> bool:
        """Whether events are missing that the topic did not give."""
        return self.position < self.owed_until

    def take(self, event: RecordedEvent, offset: int) -> None:
        """A record's event, for everyone who lacks it: it may have been sent before, or carried otherwise meanwhile."""
        for cursor in self.cursors:
            if cursor.offset is None or offset >= cursor.offset:
                cursor.offset = offset + 1
                if event.position > cursor.position:
                    self._hand(cursor, event)
                else:
                    cursor.queue.note(self.place, Progress(cursor.position, self.topic_id, cursor.offset))

    def fill(self, events: Iterable[RecordedEvent], reached: int) -> None:
        """Events of this partition as the log has them, for everyone who lacks them, up to a position."""
        for event in events:
            for cursor in self.cursors:
                if event.position > cursor.position:
                    self._hand(cursor, event)
        for cursor in self.cursors:
            if cursor.position < reached:
                cursor.position = reached
                cursor.queue.note(self.place, Progress(reached, self.topic_id, cursor.offset))

    def acked(self) -> int | None:
        """The offset below which every consumer has answered everything."""
        offsets = [_offset(c.queue.settled.get(self.place, Progress(0)), self.topic_id) for c in self.cursors]
        return None if None in offsets else min(o for o in offsets if o is not None)

    def _hand(self, cursor: Cursor, event: RecordedEvent) -> None:
        cursor.position = max(cursor.position, event.position)
        cursor.queue.push(event, self.place, Progress(cursor.position, self.topic_id, cursor.offset))


def _offset(reached: Progress, topic_id: str) -> int | None:
    return reached.offset if reached.topic_id == topic_id else None
