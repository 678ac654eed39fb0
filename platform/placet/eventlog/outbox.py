"""Outbox: what must happen outside the database, planned in the log's transaction, done once under a stable key.

A worker claims an item with SKIP LOCKED, a lease and a fencing token. Writes under an older token are refused, so a
worker that slept past its lease does no harm.
"""

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from django.db import close_old_connections
from psycopg.types.json import Jsonb

from placet.eventlog.consumers.delivery import PlannedItem
from placet.eventlog.failpoints import failpoint
from placet.eventlog.store.connect import run_forever
from placet.eventlog.store.log_context import error_location, log_context

logger = logging.getLogger(__name__)
GIVE_UP_AFTER: Final = "24 hours"
GIVE_UP_TRIES: Final = 20
"""Minimum number of tries: else a clock that jumps by a day would give up an item that failed once."""
MAX_WAIT_SECONDS: Final = 600
"""Maximum of every wait and lease. A later deadline was set by a wrong clock and is ignored."""
Handler = Callable[[Mapping[str, Any], str], None]
HANDLERS: Final[dict[str, Handler]] = {}

MAX_DEADLINE: Final = f"clock_timestamp() + interval '{MAX_WAIT_SECONDS} seconds'"
IDLE_SECONDS: Final = 0.2
FAIRNESS_SECONDS: Final = 20
"""Each waiting item of an owner delays the owner's next item by this much."""
PLAN: Final = """
INSERT INTO eventlog_outbox
    (consumer, event_id, key, kind, payload, stream, fairness_key, state, attempts, fencing_token, due_at, planned_at,
     error, owner_backlog)
SELECT %s, event_id, key, kind, payload::jsonb, stream, fairness_key, 'planned', 0, 0, at, at, '',
    CASE WHEN fairness_key = '' THEN 0 ELSE row_number() OVER (PARTITION BY kind, fairness_key ORDER BY n) - 1 + (
        SELECT count(*) FROM eventlog_outbox w
        WHERE w.kind = p.kind AND w.fairness_key = p.fairness_key AND w.state IN ('planned', 'leased')
    ) END
FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[])
    WITH ORDINALITY AS p(event_id, key, kind, payload, stream, fairness_key, n),
    (SELECT clock_timestamp() AS at) AS now
ORDER BY n
ON CONFLICT (consumer, event_id, key) DO NOTHING
"""
CLAIM: Final = f"""
UPDATE eventlog_outbox SET state = 'leased', attempts = attempts + 1, fencing_token = fencing_token + 1,
       lease_until = clock_timestamp() + make_interval(secs => %(lease)s), progress = NULL
WHERE id = (
    SELECT id FROM eventlog_outbox
    WHERE kind = %(kind)s AND payload @> %(like)s AND due_at NOT BETWEEN clock_timestamp() AND {MAX_DEADLINE}
      AND (state = 'planned' OR (state = 'leased' AND lease_until NOT BETWEEN clock_timestamp() AND {MAX_DEADLINE}))
    ORDER BY due_at + make_interval(secs => {FAIRNESS_SECONDS} * owner_backlog), id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, fencing_token, key, payload, event_id, stream, attempts
"""  # noqa: S608
HEARTBEAT: Final = """
UPDATE eventlog_outbox SET lease_until = clock_timestamp() + make_interval(secs => %s), progress = %s
WHERE id = %s AND fencing_token = %s AND state = 'leased' RETURNING id
"""
DONE: Final = """
UPDATE eventlog_outbox SET state = 'done', done_at = clock_timestamp(), progress = NULL
WHERE id = %s AND fencing_token = %s AND state = 'leased' RETURNING id
"""
RESCHEDULE: Final = f"""
UPDATE eventlog_outbox SET error = %s, due_at = clock_timestamp() + make_interval(secs => %s),
       state = CASE WHEN clock_timestamp() - planned_at > interval '{GIVE_UP_AFTER}' AND attempts >= {GIVE_UP_TRIES}
               THEN 'failed' ELSE 'planned' END
WHERE id = %s AND fencing_token = %s AND state = 'leased' RETURNING id
"""  # noqa: S608


class OutboxLeaseLost(RuntimeError):
    """Another worker has claimed this item: drop the result, write nothing."""


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """One outbox item, claimed until its lease ends."""

    id: int
    fencing_token: int
    key: str
    payload: Mapping[str, Any]
    event_id: str
    stream: str
    attempts: int


def plan(connection: psycopg.Connection[Any], consumer: str, planned: Sequence[PlannedItem]) -> None:
    """Plan items in the caller's transaction. An item planned twice under one key is one item."""
    if planned:
        rows = [(p.event_id, p.key, p.kind, json.dumps(p.payload), p.stream, p.fairness_key) for p in planned]
        connection.execute(PLAN, (consumer, *(list(column) for column in zip(*rows, strict=True))))


def claim(
    connection: psycopg.Connection[Any], kind: str, lease_seconds: float, like: Mapping[str, Any] | None = None
) -> ClaimedItem | None:
    """Claim the next item of this kind, or None: the longest due, delayed for owners with many waiting.

    `like`: only items whose payload contains all of it.
    """
    row = connection.execute(CLAIM, {"kind": kind, "lease": lease_seconds, "like": Jsonb(like or {})}).fetchone()
    return ClaimedItem(row[0], row[1], row[2], row[3], str(row[4]), row[5], row[6]) if row else None


def heartbeat(
    connection: psycopg.Connection[Any], item: ClaimedItem, lease_seconds: float, progress: Mapping[str, Any]
) -> None:
    """Renew the lease. Raises `OutboxLeaseLost`."""
    _fenced(connection, HEARTBEAT, (lease_seconds, json.dumps(progress), item.id, item.fencing_token))


def done(connection: psycopg.Connection[Any], item: ClaimedItem) -> None:
    """Mark an item done in the caller's transaction. Raises `OutboxLeaseLost`."""
    _fenced(connection, DONE, (item.id, item.fencing_token))


def reschedule(connection: psycopg.Connection[Any], item: ClaimedItem, error: str, after_seconds: float) -> None:
    """Release an item for a later try; after 24 hours and 20 tries mark it failed. Raises `OutboxLeaseLost`."""
    _fenced(connection, RESCHEDULE, (error[:2000], after_seconds, item.id, item.fencing_token))


def _fenced(connection: psycopg.Connection[Any], query: str, parameters: tuple[Any, ...]) -> None:
    if connection.execute(query, parameters).fetchone() is None:
        raise OutboxLeaseLost(f"outbox item {parameters[-2]} is claimed under a newer token")


def outbox_handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the handler of items of this kind: `(payload, key) -> None`."""

    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        return handler

    return register


class OutboxThread(threading.Thread):
    """Processes items of the registered kinds, one at a time."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]], stop: threading.Event) -> None:
        super().__init__(name="outbox", daemon=True)
        self._connect = connect
        self._stopping = stop

    def run(self) -> None:
        """Process items until stopped; a lost connection is replaced."""
        run_forever("outbox", self._connect, self._work, self._stopping)

    def _work(self, connection: psycopg.Connection[Any]) -> None:
        while not self._stopping.is_set():
            if not sum(process_one(connection, kind) for kind in HANDLERS):
                self._stopping.wait(IDLE_SECONDS)


def process_one(connection: psycopg.Connection[Any], kind: str) -> bool:
    """Process one item of a kind. Returns False if there was none."""
    item = claim(connection, kind, lease_seconds=60)
    if item is None:
        return False
    failpoint(f"{kind}.claimed")
    try:
        HANDLERS[kind](item.payload, f"{item.event_id}-{item.key}")
        failpoint(f"{kind}.performed")
    except Exception as error:  # noqa: BLE001  a handler may raise anything: the item is tried again later
        close_old_connections()  # a connection to a killed server would fail every later try as well
        with log_context(_correlation_of(connection, item)):
            logger.warning("outbox item %s (%s) failed: %s", item.id, kind, error_location(error))
        reschedule(connection, item, error_location(error), min(2.0**item.attempts, MAX_WAIT_SECONDS))
    else:
        done(connection, item)
        failpoint(f"{kind}.done")
    return True


def _correlation_of(connection: psycopg.Connection[Any], item: ClaimedItem) -> str:
    """The correlation id of the event that planned the item."""
    row = connection.execute(
        "SELECT correlation_id FROM eventlog_event WHERE stream = %s AND event_id = %s", (item.stream, item.event_id)
    ).fetchone()
    return str(row[0]) if row else ""
