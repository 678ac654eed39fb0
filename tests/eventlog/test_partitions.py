"""What the records of a partition hand to the consumers of a process: each event once, however often it comes."""

import pytest

from placet.eventlog.consumers.checkpoints import THE_LOG, EventSource, Progress
from placet.eventlog.encryption.vault import install_vault
from placet.eventlog.store.log import RecordedEvent
from placet.eventlog.transports.delivery_queue import DeliveryQueue
from placet.eventlog.transports.partitions import Cursor, Partition

PLACE, TOPIC = EventSource("placet.bench", 0), "topic-1"


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


def handed(queue: DeliveryQueue) -> list[int]:
    batch = queue.next(100, 0)
    queue.ack(batch)
    return [found.position for found in batch.events]


@pytest.fixture
def queue() -> DeliveryQueue:
    return DeliveryQueue("noter", ["bench.noted.v1"])


def partition(queue: DeliveryQueue, written: dict[EventSource, Progress]) -> Partition:
    return Partition(PLACE, TOPIC, [Cursor.at(queue, PLACE, TOPIC, written)])


def test_a_record_sent_twice_is_handed_on_once_and_settled_both_times(queue: DeliveryQueue) -> None:
    held = partition(queue, {THE_LOG: Progress(0)})
    for offset, position in enumerate((1, 2, 1, 2, 3)):
        held.take(event(position), offset)
    assert handed(queue) == [1, 2, 3]
    assert held.acked() == 5


def test_what_was_answered_while_another_transport_carried_the_log_is_not_answered_again(queue: DeliveryQueue) -> None:
    """The place stands at position 2, at record 2; the embedded transport went on up to 4; now the records come."""
    held = partition(queue, {THE_LOG: Progress(4), PLACE: Progress(2, TOPIC, 2)})
    assert held.resume_at == 2
    for offset, position in ((2, 3), (3, 4), (4, 5)):
        held.take(event(position), offset)
    assert handed(queue) == [5]
    assert held.acked() == 5


def test_records_alone_that_nobody_needs_are_settled_too(queue: DeliveryQueue) -> None:
    held = partition(queue, {THE_LOG: Progress(4), PLACE: Progress(2, TOPIC, 2)})
    held.take(event(3), 2)
    assert handed(queue) == []
    assert held.acked() == 3
