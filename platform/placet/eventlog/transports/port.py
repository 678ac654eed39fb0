"""The transport interface that consumers see. One conformance suite runs against every implementation."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from placet.eventlog.consumers.checkpoints import EventSource, Progress
from placet.eventlog.store.log import RecordedEvent


@dataclass(frozen=True, slots=True)
class DeliveryItem:
    """One event for a consumer, and the progress of its source once processed. None: no event, only progress."""

    event: RecordedEvent | None
    source: EventSource
    reached: Progress


@dataclass(frozen=True, slots=True)
class DeliveryBatch:
    """Items for one consumer: in order within each source, in no order between sources."""

    items: tuple[DeliveryItem, ...] = ()

    @property
    def events(self) -> list[RecordedEvent]:
        """The events to process."""
        return [item.event for item in self.items if item.event is not None]

    @property
    def reached(self) -> dict[EventSource, Progress]:
        """Progress of each source once the batch is processed."""
        return {item.source: item.reached for item in self.items}


class Subscription(Protocol):
    """One consumer's events. Used by one thread."""

    def next(self, at_most: int, wait_seconds: float) -> DeliveryBatch:
        """The next batch: the same until it is acknowledged; an empty one if no event came in time."""
        ...

    def ack(self, batch: DeliveryBatch) -> None:
        """Acknowledge a batch that is processed and committed."""
        ...


class Transport(Protocol):
    """Delivers at least once, in order within a stream. There is no order between streams."""

    def subscribe(self, consumer: str, types: Collection[str]) -> Subscription:
        """Deliver events after the consumer's checkpoint. Call for every consumer before `start`."""
        ...

    def start(self) -> None: ...
    def stop(self) -> None: ...
