"""Delivery queue: one consumer's events under Kafka, in order; filled by the poller, read by the consumer's thread."""

import threading
from collections import deque
from collections.abc import Collection

from placet.eventlog.consumers.checkpoints import EventSource, Progress
from placet.eventlog.encryption.cache_invalidation import register_cache
from placet.eventlog.store.log import RecordedEvent
from placet.eventlog.transports.port import DeliveryBatch, DeliveryItem


class DeliveryQueue:
    """See `Subscription`. A batch stays current until it is acknowledged."""

    def __init__(self, consumer: str, types: Collection[str]) -> None:
        self.consumer = consumer
        self.types = frozenset(types)
        self.acked: dict[EventSource, Progress] = {}
        self._items: deque[DeliveryItem] = deque()
        self._batch = DeliveryBatch()
        self._filled = threading.Condition()
        self._is_closed = False
        register_cache(self)

    def __len__(self) -> int:
        return len(self._items)

    def push(self, event: RecordedEvent, source: EventSource, progress: Progress) -> None:
        """Add the next event of a source; of other types only the progress."""
        with self._filled:
            if event.type in self.types:
                self._items.append(DeliveryItem(event, source, progress))
                self._filled.notify()
            else:
                self._note(source, progress)

    def note(self, source: EventSource, progress: Progress) -> None:
        """Add progress of a source without an event for this consumer."""
        with self._filled:
            self._note(source, progress)

    def _note(self, source: EventSource, progress: Progress) -> None:
        if self._items and self._items[-1].event is None and self._items[-1].source == source:
            self._items[-1] = DeliveryItem(None, source, progress)
        else:
            self._items.append(DeliveryItem(None, source, progress))

    def drop(self, sources: Collection[EventSource]) -> None:
        """Drop lost sources. If an event is being processed, its command id keeps the new owner from repeating it."""
        with self._filled:
            self._items = deque(item for item in self._items if item.source not in sources)
            for source in sources:
                self.acked.pop(source, None)

    def clear(self) -> None:
        """Drop the decrypted text of waiting events."""
        with self._filled:
            for item in (*self._items, *self._batch.items):
                if item.event is not None:
                    item.event.forget()

    def next(self, at_most: int, wait_seconds: float) -> DeliveryBatch:
        """See `Subscription.next`."""
        if self._batch.items:
            return self._batch
        with self._filled:
            if not any(item.event for item in self._items) and not self._is_closed:
                self._filled.wait(wait_seconds)
            self._batch = self._take(at_most)
        return self._batch

    def ack(self, batch: DeliveryBatch) -> None:
        """See `Subscription.ack`."""
        with self._filled:
            self.acked |= batch.reached
            self._batch = DeliveryBatch()

    def close(self) -> None:
        """Wake the waiting consumer; no later call waits."""
        with self._filled:
            self._is_closed = True
            self._filled.notify_all()

    def _take(self, at_most: int) -> DeliveryBatch:
        items: list[DeliveryItem] = []
        events = 0
        while self._items and events < at_most:
            item = self._items.popleft()
            events += item.event is not None
            items.append(item)
        return DeliveryBatch(tuple(items))
