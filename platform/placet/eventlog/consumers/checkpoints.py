"""Checkpoints of consumers: one row for each event source. PostgreSQL is the truth; an offset is a hint.

The embedded transport has one source, the log. Under Kafka each partition of a topic is a source, and the checkpoint of
the log is the low watermark: everything up to it is processed, whatever transport carried it.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import psycopg


class EventSource(NamedTuple):
    """Where events come from: a partition of a topic, or the log itself."""

    topic: str = ""
    partition: int = 0


class Progress(NamedTuple):
    """All up to `position` is processed. `offset`: the next record to read from the topic with this id."""

    position: int
    topic_id: str = ""
    offset: int | None = None


THE_LOG: Final = EventSource()
READ: Final = "SELECT topic, partition, position, topic_id, kafka_offset FROM eventlog_checkpoint WHERE name = %s"
BEGIN: Final = """
INSERT INTO eventlog_checkpoint (name, topic, partition, position, version, updated_at)
VALUES (%s, '', 0, 0, %s, clock_timestamp()) ON CONFLICT DO NOTHING
"""
MOVE: Final = """
INSERT INTO eventlog_checkpoint AS c (name, topic, partition, position, topic_id, kafka_offset, updated_at)
SELECT %s, topic, partition, position, topic_id, kafka_offset, clock_timestamp()
FROM unnest(%b::text[], %b::int[], %b::bigint[], %b::text[], %b::bigint[])
     AS r(topic, partition, position, topic_id, kafka_offset)
ORDER BY topic, partition
ON CONFLICT (name, topic, partition) DO UPDATE SET
    position = greatest(c.position, excluded.position),
    kafka_offset = CASE WHEN c.topic_id = excluded.topic_id
                        THEN greatest(c.kafka_offset, excluded.kafka_offset) ELSE excluded.kafka_offset END,
    topic_id = excluded.topic_id,
    updated_at = clock_timestamp()
"""
"""Never backwards: a process that slept cannot undo the progress of others."""


def read(connection: psycopg.Connection[Any], name: str) -> dict[EventSource, Progress]:
    """All checkpoints of a consumer. That of the log always exists."""
    rows = connection.execute(READ, (name,), prepare=True).fetchall()
    found = {EventSource(topic, part): Progress(position, id_, offset) for topic, part, position, id_, offset in rows}
    if THE_LOG not in found:
        connection.execute(BEGIN, (name, 1))
        found[THE_LOG] = Progress(0)
    return found


def move(connection: psycopg.Connection[Any], name: str, reached: Mapping[EventSource, Progress]) -> None:
    """Write the checkpoints of a consumer in the caller's transaction."""
    if reached:
        rows = [(p.topic, p.partition, r.position, r.topic_id, r.offset) for p, r in reached.items()]
        connection.execute(MOVE, (name, *(list(column) for column in zip(*rows, strict=True))), prepare=True)
