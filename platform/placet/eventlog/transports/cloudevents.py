"""Records on topics and their partition: CloudEvents 1.0, Kafka binding, binary mode.

The key is the stream's id, the value the event's stored bytes, without personal data in the clear; encrypted fields
stay in the log. A record only wakes: the event is read from PostgreSQL, at the position that the record names.
"""

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from placet.eventlog.store.records import OutboundRecord

UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$")
Headers = list[tuple[str, bytes]]
SPECIFICATION: Final = ("ce_specversion", b"1.0")
CONTENT: Final = ("content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class RecordHeaders:
    """The event that a record names, and the position of the previous event in the partition."""

    event_id: str
    position: int
    before: int


def topic_of(room: str, prefix: str, topic_epoch: int) -> str:
    """`placet.studio`; a later topic epoch, with another number of partitions, adds its number."""
    return f"{prefix}.{room}" if topic_epoch == 1 else f"{prefix}.{room}.g{topic_epoch}"


def room_of(type_name: str) -> str:
    """The room of an event type, and so of its topic."""
    return type_name.partition(".")[0]


def partition_of(stream: str, partitions: int) -> int:
    """Partition by the id at the end of a stream's name: all streams of one generation share a partition number."""
    match = UUID.search(stream)
    return zlib.crc32((match[0] if match else stream).encode()) % partitions


def headers_of(event: OutboundRecord, before: int, source: bytes) -> Headers:
    """CloudEvents attributes of an event. `before`: the position of the previous event in its partition."""
    return [
        SPECIFICATION,
        ("ce_id", event.event_id.encode()),
        ("ce_source", source),
        ("ce_type", event.type.encode()),
        ("ce_subject", event.stream.encode()),
        ("ce_time", event.recorded_at.encode()),
        CONTENT,
        ("ce_position", str(event.position).encode()),
        ("ce_streamversion", str(event.version).encode()),
        ("ce_prevposition", str(before).encode()),
        ("ce_correlationid", event.correlation_id.encode()),
    ]


def parse_headers(headers: Iterable[tuple[str, bytes]]) -> RecordHeaders | None:
    """The event that a record names; None for a foreign record."""
    found: Mapping[str, bytes] = dict(headers)
    try:
        return RecordHeaders(found["ce_id"].decode(), int(found["ce_position"]), int(found["ce_prevposition"]))
    except (KeyError, ValueError):
        return None
