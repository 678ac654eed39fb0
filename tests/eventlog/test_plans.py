"""Frequent queries of the log use an index, also with plans made while the log was empty.

A prepared statement keeps its first plan. One that joined two empty tables joins them whole when they have a million
rows, until the next ANALYZE.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import psycopg
import pytest

from placet.eventlog import outbox
from placet.eventlog.store import sequencer, sql

FULL_SCANS: Final = {"Seq Scan", "Hash Join", "Merge Join"}
FREQUENT: Final = {
    **{
        name: getattr(sql, name)
        for name in ("READ", "READ_LAST", "READ_MANY", "READ_FROM", "READ_FOR_RELAY", "READ_AT", "READ_TYPES",
                     "READ_BY_TYPES",
                     "READ_SINCE", "HEADS", "FIRST_RESULT", "INSERT_ONE", "INSERT_MANY")
    },
    **{name: getattr(outbox, name) for name in ("PLAN", "CLAIM", "HEARTBEAT", "DONE", "RESCHEDULE")},
    "NUMBER": sequencer.NUMBER,
}  # fmt: skip
FIRST_WITH_GENERIC_PLANS: Final = 160_000
JOINED: Final = (
    "SELECT FROM eventlog_event e JOIN eventlog_event f ON f.stream = e.stream AND f.version = e.version - 1"
    " WHERE f.id <= %s"
)


def steps(dsn: str, statement: str) -> set[str]:
    """Node types of the generic plan."""
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return f"${numbers.setdefault(found[1] or str(len(numbers)), len(numbers) + 1)}"

    numbered = re.sub(r"%(?:\((\w+)\))?[sb]", number, statement).replace("%%", "%")
    with psycopg.connect(dsn) as connection:
        if connection.info.server_version < FIRST_WITH_GENERIC_PLANS:
            pytest.skip("needs PostgreSQL 16")
        (plan,) = connection.execute(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {numbered}").fetchone()  # type: ignore[misc]
    return set(_types(plan[0]["Plan"]))


def _types(node: dict[str, Any]) -> Iterator[str]:
    yield node["Node Type"]
    for below in node.get("Plans", ()):
        yield from _types(below)


@pytest.mark.parametrize("name", FREQUENT)
def test_frequent_queries_use_an_index(fresh_database: str, name: str) -> None:
    assert not steps(fresh_database, FREQUENT[name]) & FULL_SCANS


def test_a_plain_join_would_join_both_tables_whole(fresh_database: str) -> None:
    assert steps(fresh_database, JOINED) & FULL_SCANS


BURST: Final = 400
JOINED_IN_SQL: Final = """
WITH taken AS (
    DELETE FROM eventlog_event_pending
    WHERE id IN (SELECT id FROM eventlog_event_pending WHERE id > $1 ORDER BY id LIMIT $2) RETURNING id
) SELECT count(*) FROM taken
"""


def rows_read(owner: str, statement: str) -> int:
    """Pending rows that the statement reads in a burst, planned while there were none."""
    with psycopg.connect(owner) as connection:
        connection.execute("INSERT INTO eventlog_event_pending (id) SELECT generate_series(1, %s)", (BURST,))
        connection.execute("DELETE FROM eventlog_event_pending")
        connection.execute("ANALYZE eventlog_event_pending")
        connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        connection.execute(f"PREPARE numbering (bigint, int) AS {statement}")
        connection.execute("EXECUTE numbering (0, 5000)")
        connection.execute("INSERT INTO eventlog_event_pending (id) SELECT generate_series(1, %s)", (BURST,))
        (plan,) = connection.execute("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE numbering (0, 5000)").fetchone()  # type: ignore[misc]
        connection.rollback()
    return round(sum(_rows_of(plan[0]["Plan"])))


def _rows_of(node: dict[str, Any]) -> Iterator[float]:
    if node.get("Relation Name") == "eventlog_event_pending" and node["Node Type"] != "ModifyTable":
        yield node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
    for below in node.get("Plans", ()):
        yield from _rows_of(below)


def test_pending_events_are_read_once_whatever_their_number_when_planned(owner_dsn: str) -> None:
    numbering = sequencer.NUMBER.replace("%(low)s", "$1").replace("%(at_most)s", "$2")
    assert rows_read(owner_dsn, numbering) <= 3 * BURST
    assert rows_read(owner_dsn, JOINED_IN_SQL) > BURST**2 / 3


def pages_read(owner: str, statement: str, dead_rows: int) -> int:
    """Pages that the statement reads above the last of many dead rows that cannot be vacuumed yet."""
    with psycopg.connect(owner) as connection:
        connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        connection.execute(f"PREPARE numbering (bigint, int) AS {statement}")
        connection.execute("INSERT INTO eventlog_event_pending (id) SELECT generate_series(1, %s)", (dead_rows,))
        connection.execute("DELETE FROM eventlog_event_pending")
        explained = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE numbering ({dead_rows}, 5000)"
        (plan,) = connection.execute(explained).fetchone()  # type: ignore[misc]
        connection.rollback()
    return int(plan[0]["Plan"]["Shared Hit Blocks"])


def test_a_pass_without_events_reads_no_dead_rows(owner_dsn: str) -> None:
    numbering = sequencer.NUMBER.replace("%(low)s", "$1").replace("%(at_most)s", "$2")
    assert pages_read(owner_dsn, numbering, 20_000) < 60
    assert pages_read(owner_dsn, "SELECT max(id), $1, $2 FROM eventlog_event_pending GROUP BY 2, 3", 20_000) > 60
