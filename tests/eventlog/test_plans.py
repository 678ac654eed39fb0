"""What the log asks again and again goes by an index, also where PostgreSQL chose how while the log was empty.

A prepared statement keeps the plan of its first minutes. One that joined two empty tables joins them whole when they
hold a million rows, until the next ANALYZE.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import psycopg
import pytest

from placet.eventlog import effects, sequencer, statements

WHOLE: Final = {"Seq Scan", "Hash Join", "Merge Join"}
OFTEN: Final = {
    **{
        name: getattr(statements, name)
        for name in ("READ", "READ_LAST", "READ_MANY", "READ_FROM", "READ_CARRIED", "READ_AT", "READ_TYPES",
                     "READ_NEWS", "HEADS", "ANSWER", "INSERT_ONE", "INSERT_MANY")
    },
    **{name: getattr(effects, name) for name in ("PLAN", "CLAIM", "BEAT", "DONE", "LATER")},
    "NUMBER": sequencer.NUMBER,
}  # fmt: skip
KNOWS_GENERIC_PLANS: Final = 160_000
JOINED: Final = "SELECT FROM event e JOIN event f ON f.stream = e.stream AND f.version = e.version - 1 WHERE f.id <= %s"


def steps(dsn: str, statement: str) -> set[str]:
    """What the plan for whatever parameters consists of."""
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return f"${numbers.setdefault(found[1] or str(len(numbers)), len(numbers) + 1)}"

    placed = re.sub(r"%(?:\((\w+)\))?[sb]", number, statement).replace("%%", "%")
    with psycopg.connect(dsn) as connection:
        if connection.info.server_version < KNOWS_GENERIC_PLANS:
            pytest.skip("needs PostgreSQL 16")
        (plan,) = connection.execute(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {placed}").fetchone()  # type: ignore[misc]
    return set(_types(plan[0]["Plan"]))


def _types(node: dict[str, Any]) -> Iterator[str]:
    yield node["Node Type"]
    for below in node.get("Plans", ()):
        yield from _types(below)


@pytest.mark.parametrize("name", OFTEN)
def test_what_is_asked_often_goes_by_an_index(fresh_database: str, name: str) -> None:
    assert not steps(fresh_database, OFTEN[name]) & WHOLE


def test_two_tables_joined_plainly_would_be_joined_whole(fresh_database: str) -> None:
    assert steps(fresh_database, JOINED) & WHOLE
