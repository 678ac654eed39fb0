"""The transport interface that consumers see. One conformance suite runs against every implementation."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from placet.eventlog.log import RecordedEvent


@dataclass(frozen=True, slots=True)
class Batch:
    """Events for one consumer, in order, and the position up to which nothing else concerns it."""

    events: tuple[RecordedEvent, ...]
    reached: int


class Transport(Protocol):
    """Delivers at least once, in order within a stream. Nothing may rest on an order between streams."""

    def start(self) -> None: ...
    def stop(self) -> None: ...

    def after(self, position: int, types: Collection[str], *, at_most: int, wait_seconds: float) -> Batch:
        """What comes after `position` for a consumer of `types`; an empty batch when nothing came in time."""
        ...
