"""One consumer's events under Kafka, in the order in which they came; taken by its thread, filled by the poller."""

import threading
from collections import deque
from collections.abc import Collection

from placet.eventlog.consumers.checkpoints import Place, Reached
from placet.eventlog.encryption.cache_invalidation import keeps_opened
from placet.eventlog.store.log import RecordedEvent
from placet.eventlog.transports.port import Batch, Step


class Queue:
    """See `Subscription`. What was taken stays taken until it is settled."""

    def __init__(self, consumer: str, types: Collection[str]) -> None:
        self.consumer = consumer
        self.types = frozenset(types)
        self.settled: dict[Place, Reached] = {}
        self._steps: deque[Step] = deque()
        self._taken = Batch()
        self._filled = threading.Condition()
        self._is_closed = False
        keeps_opened(self)

    def __len__(self) -> int:
        return len(self._steps)

    def push(self, event: RecordedEvent, place: Place, reached: Reached) -> None:
        """The next event of a place; only its passing is noted where it is of no type that is wanted."""
        with self._filled:
            if event.type in self.types:
                self._steps.append(Step(event, place, reached))
                self._filled.notify()
            else:
                self._note(place, reached)

    def note(self, place: Place, reached: Reached) -> None:
        """Up to here a place holds nothing more for this consumer."""
        with self._filled:
            self._note(place, reached)

    def _note(self, place: Place, reached: Reached) -> None:
        if self._steps and self._steps[-1].event is None and self._steps[-1].place == place:
            self._steps[-1] = Step(None, place, reached)
        else:
            self._steps.append(Step(None, place, reached))

    def drop(self, places: Collection[Place]) -> None:
        """These are somebody else's now. What is being answered already meets its command id there."""
        with self._filled:
            self._steps = deque(step for step in self._steps if step.place not in places)
            for place in places:
                self.settled.pop(place, None)

    def forget(self) -> None:
        """Drop the opened text of the events that wait."""
        with self._filled:
            for step in (*self._steps, *self._taken.steps):
                if step.event is not None:
                    step.event.forget()

    def next(self, at_most: int, wait_seconds: float) -> Batch:
        """See `Subscription.next`."""
        if self._taken.steps:
            return self._taken
        with self._filled:
            if not any(step.event for step in self._steps) and not self._is_closed:
                self._filled.wait(wait_seconds)
            self._taken = self._take(at_most)
        return self._taken

    def settle(self, batch: Batch) -> None:
        """See `Subscription.settle`."""
        with self._filled:
            self.settled |= batch.reached
            self._taken = Batch()

    def close(self) -> None:
        """Nobody waits any more."""
        with self._filled:
            self._is_closed = True
            self._filled.notify_all()

    def _take(self, at_most: int) -> Batch:
        steps: list[Step] = []
        events = 0
        while self._steps and events < at_most:
            step = self._steps.popleft()
            events += step.event is not None
            steps.append(step)
        return Batch(tuple(steps))
