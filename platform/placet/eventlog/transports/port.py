"""The transport interface that consumers see. One conformance suite runs against every implementation."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from placet.eventlog.consumers.checkpoints import EventSource, Progress
from placet.eventlog.store.log import RecordedEvent


@dataclass(frozen=True, slots=True)
class DeliveryItem:
    """One event for a consumer, and how far its place is once it is answered. None: nothing here concerns it."""

    event: RecordedEvent | None
    place: EventSource
    reached: Progress


@dataclass(frozen=True, slots=True)
class DeliveryBatch:
    """Steps for one consumer: in order within each place, in no order between places."""

    steps: tuple[DeliveryItem, ...] = ()

    @property
    def events(self) -> list[RecordedEvent]:
        """What is to be answered."""
        return [step.event for step in self.steps if step.event is not None]

    @property
    def reached(self) -> dict[EventSource, Progress]:
        """How far each place is when all of it is answered."""
        return {step.place: step.reached for step in self.steps}


class Subscription(Protocol):
    """One consumer's events. Used by one thread."""

    def next(self, at_most: int, wait_seconds: float) -> DeliveryBatch:
        """What comes next: the same again until it is settled; an empty batch when nothing came in time."""
        ...

    def ack(self, batch: DeliveryBatch) -> None:
        """The batch is answered, and that is committed."""
        ...


class Transport(Protocol):
    """Delivers at least once, in order within a stream. Nothing may rest on an order between streams."""

    def subscribe(self, consumer: str, types: Collection[str]) -> Subscription:
        """Where the consumer stands, and what comes after. Call for every consumer before `start`."""
        ...

    def start(self) -> None: ...
    def stop(self) -> None: ...
