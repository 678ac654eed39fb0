"""One consumer's events under Kafka, in the order in which they came; taken by its thread, filled by the poller."""

import threading
from collections import deque
from collections.abc import Collection

from placet.eventlog.consumers.checkpoints import EventSource, Progress
from placet.eventlog.encryption.cache_invalidation import register_cache
from placet.eventlog.store.log import RecordedEvent
from placet.eventlog.transports.port import DeliveryBatch, DeliveryItem


class DeliveryQueue:
    """See `Subscription`. What was taken stays taken until it is settled."""

    def __init__(self, consumer: str, types: Collection[str]) -> None:
        self.consumer = consumer
        self.types = frozenset(types)
        self.settled: dict[EventSource, Progress] = {}
        self._steps: deque[DeliveryItem] = deque()
        self._taken = DeliveryBatch()
        self._filled = threading.Condition()
        self._is_closed = False
        register_cache(self)

    def __len__(self) -> int:
        return len(self._steps)

    def push(self, event: RecordedEvent, place: EventSource, reached: Progress) -> None:
        """The next event of a place; only its passing is noted where it is of no type that is wanted."""
        with self._filled:
            if event.type in self.types:
                self._steps.append(DeliveryItem(event, place, reached))
                self._filled.notify()
            else:
                self._note(place, reached)

    def note(self, place: EventSource, reached: Progress) -> None:
        """Up to here a place holds nothing more for this consumer."""
        with self._filled:
            self._note(place, reached)

    def _note(self, place: EventSource, reached: Progress) -> None:
        if self._steps and self._steps[-1].event is None and self._steps[-1].place == place:
            self._steps[-1] = DeliveryItem(None, place, reached)
        else:
            self._steps.append(DeliveryItem(None, place, reached))

    def drop(self, places: Collection[EventSource]) -> None:
        """These are somebody else's now. What is being answered already meets its command id there."""
        with self._filled:
            self._steps = deque(step for step in self._steps if step.place not in places)
            for place in places:
                self.settled.pop(place, None)

    def clear(self) -> None:
        """Drop the opened text of the events that wait."""
        with self._filled:
            for step in (*self._steps, *self._taken.steps):
                if step.event is not None:
                    step.event.forget()

    def next(self, at_most: int, wait_seconds: float) -> DeliveryBatch:
        """See `Subscription.next`."""
        if self._taken.steps:
            return self._taken
        with self._filled:
            if not any(step.event for step in self._steps) and not self._is_closed:
                self._filled.wait(wait_seconds)
            self._taken = self._take(at_most)
        return self._taken

    def ack(self, batch: DeliveryBatch) -> None:
        """See `Subscription.settle`."""
        with self._filled:
            self.settled |= batch.reached
            self._taken = DeliveryBatch()

    def close(self) -> None:
        """Nobody waits any more."""
        with self._filled:
            self._is_closed = True
            self._filled.notify_all()

    def _take(self, at_most: int) -> DeliveryBatch:
        steps: list[DeliveryItem] = []
        events = 0
        while self._steps and events < at_most:
            step = self._steps.popleft()
            events += step.event is not None
            steps.append(step)
        return DeliveryBatch(tuple(steps))
