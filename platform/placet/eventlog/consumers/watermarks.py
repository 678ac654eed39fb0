"""Low watermark of a consumer under Kafka: the position up to which it has processed every event, in all partitions.

The relay records its position in the log and in each partition. A consumer that has reached the relay in all partitions
of its topics has processed everything up to the relay's position; one that lags has processed everything up to its
lowest lagging partition. `placet status` shows this one number, and a change of transport or topics starts from it.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

import psycopg

RAISE: Final = """
WITH subscribed AS (SELECT * FROM unnest(%b::text[], %b::text[]) AS w(name, topic)),
progress AS (
    SELECT w.name, relayed.position AS relayed, greatest(own.position, low.position) AS processed
    FROM subscribed w
    JOIN eventlog_checkpoint low ON low.name = w.name AND low.topic = ''
    LEFT JOIN eventlog_checkpoint relayed ON relayed.name = 'relay' AND relayed.topic = w.topic
    LEFT JOIN eventlog_checkpoint own ON own.name = w.name AND own.topic = w.topic AND own.partition = relayed.partition
),
reached AS (
    SELECT s.name, coalesce(
        min(s.processed) FILTER (WHERE s.relayed IS NULL OR s.processed < s.relayed), min(relay.position)
    ) AS position
    FROM progress s, eventlog_checkpoint relay WHERE relay.name = 'relay' AND relay.topic = '' GROUP BY s.name
)
UPDATE eventlog_checkpoint low SET position = reached.position, updated_at = clock_timestamp()
FROM reached WHERE low.name = reached.name AND low.topic = '' AND low.position < reached.position
"""


def raise_watermarks(connection: psycopg.Connection[Any], topics: Mapping[str, Collection[str]]) -> None:
    """Raise the low watermarks. `topics`: consumer -> its topics. One statement sees all rows at one moment."""
    pairs = [(name, topic) for name, subscribed in topics.items() for topic in sorted(subscribed)]
    connection.execute(RAISE, ([name for name, _ in pairs], [topic for _, topic in pairs]), prepare=True)
