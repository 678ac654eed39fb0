"""The floor of a consumer under Kafka: the position up to which it has answered all that concerns it, in any partition.

The relay says how far it has carried the log, and where it stands in each partition. Who stands there in all partitions
of its topics has answered everything up to where the relay is; who is behind somewhere, up to the lowest such place. So
`placet status` shows one number, and going back to the embedded transport, or on to other topics, begins there.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

import psycopg

RAISE: Final = """
WITH wanted AS (SELECT * FROM unnest(%b::text[], %b::text[]) AS w(name, topic)),
stands AS (
    SELECT w.name, relayed.position AS carried, greatest(own.position, floor.position) AS answered
    FROM wanted w
    JOIN eventlog_checkpoint floor ON floor.name = w.name AND floor.topic = ''
    LEFT JOIN eventlog_checkpoint relayed ON relayed.name = 'relay' AND relayed.topic = w.topic
    LEFT JOIN eventlog_checkpoint own ON own.name = w.name AND own.topic = w.topic AND own.partition = relayed.partition
),
reached AS (
    SELECT s.name, coalesce(
        min(s.answered) FILTER (WHERE s.carried IS NULL OR s.answered < s.carried), min(relay.position)
    ) AS position
    FROM stands s, eventlog_checkpoint relay WHERE relay.name = 'relay' AND relay.topic = '' GROUP BY s.name
)
UPDATE eventlog_checkpoint floor SET position = reached.position, updated_at = clock_timestamp()
FROM reached WHERE floor.name = reached.name AND floor.topic = '' AND floor.position < reached.position
"""


def raise_watermarks(connection: psycopg.Connection[Any], topics: Mapping[str, Collection[str]]) -> None:
    """`topics`: consumer -> the topics that concern it. One statement, so one view of all rows."""
    pairs = [(name, topic) for name, wanted in topics.items() for topic in sorted(wanted)]
    connection.execute(RAISE, ([name for name, _ in pairs], [topic for _, topic in pairs]), prepare=True)
