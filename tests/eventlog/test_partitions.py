"""Records of a partition reach the consumers of a process once, however often they are sent."""

import pytest

from placet.eventlog.consumers.checkpoints import THE_LOG, EventSource, Progress
from placet.eventlog.encryption.vault import install_vault
from placet.eventlog.store.log import RecordedEvent
from placet.eventlog.transports.delivery_queue import DeliveryQueue
from placet.eventlog.transports.partitions import Cursor, Partition

SOURCE, TOPIC = EventSource("placet.bench", 0), "topic-1"


def event(position: int) -> RecordedEvent:
    row = (
        position,
        f"id-{position}",
        "bench-1",
        position,
        "bench.noted.v1",
        b"",
        None,
        b"",
        None,
        None,
        None,
        None,
        None,
    )
    return RecordedEvent(row, install_vault())


def queued(queue: DeliveryQueue) -> list[int]:
    batch = queue.next(100, 0)
    queue.ack(batch)
    return [found.position for found in batch.events]


@pytest.fixture
def queue() -> DeliveryQueue:
    return DeliveryQueue("noter", ["bench.noted.v1"])


def partition(queue: DeliveryQueue, checkpoints: dict[EventSource, Progress]) -> Partition:
    return Partition(SOURCE, TOPIC, [Cursor.at(queue, SOURCE, TOPIC, checkpoints)])


def test_a_record_sent_twice_is_queued_once_and_acknowledged_twice(queue: DeliveryQueue) -> None:
    assigned = partition(queue, {THE_LOG: Progress(0)})
    for offset, position in enumerate((1, 2, 1, 2, 3)):
        assigned.take(event(position), offset)
    assert queued(queue) == [1, 2, 3]
    assert assigned.acked() == 5


def test_events_processed_over_another_transport_are_not_queued_again(queue: DeliveryQueue) -> None:
    """The source is at position 2, record 2; the embedded transport went on to 4; then the records arrive."""
    assigned = partition(queue, {THE_LOG: Progress(4), SOURCE: Progress(2, TOPIC, 2)})
    assert assigned.resume_at == 2
    for offset, position in ((2, 3), (3, 4), (4, 5)):
        assigned.take(event(position), offset)
    assert queued(queue) == [5]
    assert assigned.acked() == 5


def test_records_without_new_events_are_acknowledged_too(queue: DeliveryQueue) -> None:
    assigned = partition(queue, {THE_LOG: Progress(4), SOURCE: Progress(2, TOPIC, 2)})
    assigned.take(event(3), 2)
    assert queued(queue) == []
    assert assigned.acked() == 3
