"""Effects: what must happen in the world, planned in the log's transaction, done under a stable key, then marked done.

An executor claims with SKIP LOCKED, a lease and a fencing token; a write under an older token is refused, so that a
worker that slept past its lease can do no harm.
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
"""And not before so many: else a clock that jumps by a day would give up what failed once."""
MAX_WAIT_SECONDS: Final = 600
"""No wait and no lease is longer. A deadline further away was set by a clock that was wrong, and holds nothing back."""
Handler = Callable[[Mapping[str, Any], str], None]
HANDLERS: Final[dict[str, Handler]] = {}

THE_LONGEST: Final = f"clock_timestamp() + interval '{MAX_WAIT_SECONDS} seconds'"
IDLE_SECONDS: Final = 0.2
FAIRNESS_SECONDS: Final = 20
"""Each effect that its owner has waiting puts a further one so far behind those of others."""
PLAN: Final = """
INSERT INTO eventlog_outbox
    (consumer, event_id, key, kind, payload, stream, fairness_key, state, attempts, fencing_token, due_at, planned_at,
     error, owner_backlog)
SELECT %s, event_id, key, kind, payload::jsonb, stream, fairness_key, 'planned', 0, 0, at, at, '',
    CASE WHEN fairness_key = '' THEN 0 ELSE row_number() OVER (PARTITION BY kind, fairness_key ORDER BY place) - 1 + (
        SELECT count(*) FROM eventlog_outbox w
        WHERE w.kind = p.kind AND w.fairness_key = p.fairness_key AND w.state IN ('planned', 'leased')
    ) END
FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[])
    WITH ORDINALITY AS p(event_id, key, kind, payload, stream, fairness_key, place),
    (SELECT clock_timestamp() AS at) AS now
ORDER BY place
ON CONFLICT (consumer, event_id, key) DO NOTHING
"""
CLAIM: Final = f"""
UPDATE eventlog_outbox SET state = 'leased', attempts = attempts + 1, fencing_token = fencing_token + 1,
       lease_until = clock_timestamp() + make_interval(secs => %(lease)s), progress = NULL
WHERE id = (
    SELECT id FROM eventlog_outbox
    WHERE kind = %(kind)s AND payload @> %(like)s AND due_at NOT BETWEEN clock_timestamp() AND {THE_LONGEST}
      AND (state = 'planned' OR (state = 'leased' AND lease_until NOT BETWEEN clock_timestamp() AND {THE_LONGEST}))
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
    """Another claim has this effect now: drop what was done, write nothing."""


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """One effect, held until its lease ends."""

    id: int
    fencing_token: int
    key: str
    payload: Mapping[str, Any]
    event_id: str
    stream: str
    attempts: int


def plan(connection: psycopg.Connection[Any], consumer: str, planned: Sequence[PlannedItem]) -> None:
    """Plan effects inside the caller's transaction. Planned twice under one key, an effect is one."""
    if planned:
        rows = [(p.event_id, p.key, p.kind, json.dumps(p.payload), p.stream, p.fairness_key) for p in planned]
        connection.execute(PLAN, (consumer, *(list(column) for column in zip(*rows, strict=True))))


def claim(
    connection: psycopg.Connection[Any], kind: str, lease_seconds: float, like: Mapping[str, Any] | None = None
) -> ClaimedItem | None:
    """Take the effect of this kind whose turn it is, or None: the one due longest, owners with many behind others.

    With `like`, only one whose payload holds all of it.
    """
    row = connection.execute(CLAIM, {"kind": kind, "lease": lease_seconds, "like": Jsonb(like or {})}).fetchone()
    return ClaimedItem(row[0], row[1], row[2], row[3], str(row[4]), row[5], row[6]) if row else None


def heartbeat(
    connection: psycopg.Connection[Any], held: ClaimedItem, lease_seconds: float, progress: Mapping[str, Any]
) -> None:
    """Keep the lease. Raises `LeaseLost`."""
    _fenced(connection, HEARTBEAT, (lease_seconds, json.dumps(progress), held.id, held.fencing_token))


def done(connection: psycopg.Connection[Any], held: ClaimedItem) -> None:
    """Mark it done, inside the caller's transaction. Raises `LeaseLost`."""
    _fenced(connection, DONE, (held.id, held.fencing_token))


def reschedule(connection: psycopg.Connection[Any], held: ClaimedItem, error: str, after_seconds: float) -> None:
    """Give it back to be tried again. After 24 hours and 20 tries it is marked failed instead. Raises `LeaseLost`."""
    _fenced(connection, RESCHEDULE, (error[:2000], after_seconds, held.id, held.fencing_token))


def _fenced(connection: psycopg.Connection[Any], query: str, parameters: tuple[Any, ...]) -> None:
    if connection.execute(query, parameters).fetchone() is None:
        raise OutboxLeaseLost(f"effect {parameters[-2]} is held under a newer token")


def outbox_handler(kind: str) -> Callable[[Handler], Handler]:
    """Register what carries out effects of this kind: `(payload, key) -> None`."""

    def register(perform: Handler) -> Handler:
        HANDLERS[kind] = perform
        return perform

    return register


class OutboxThread(threading.Thread):
    """Carries out effects of the registered kinds, one at a time."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]], stop: threading.Event) -> None:
        super().__init__(name="outbox", daemon=True)
        self._connect = connect
        self._stop_asked = stop

    def run(self) -> None:
        """Until stopped; a lost connection is made anew."""
        run_forever("outbox", self._connect, self._work, self._stop_asked)

    def _work(self, connection: psycopg.Connection[Any]) -> None:
        while not self._stop_asked.is_set():
            if not sum(process_one(connection, kind) for kind in HANDLERS):
                self._stop_asked.wait(IDLE_SECONDS)


def process_one(connection: psycopg.Connection[Any], kind: str) -> bool:
    """Carry out one effect of a kind; True when there was one."""
    held = claim(connection, kind, lease_seconds=60)
    if held is None:
        return False
    failpoint(f"{kind}.claimed")
    try:
        HANDLERS[kind](held.payload, f"{held.event_id}-{held.key}")
        failpoint(f"{kind}.performed")
    except Exception as error:  # noqa: BLE001  a failed effect parks itself alone and is tried again
        close_old_connections()  # what a killed server leaves to this thread would fail every later try as well
        with log_context(_correlation_of(connection, held)):
            logger.warning("effect %s (%s) failed: %s", held.id, kind, error_location(error))
        reschedule(connection, held, error_location(error), min(2.0**held.attempts, MAX_WAIT_SECONDS))
    else:
        done(connection, held)
        failpoint(f"{kind}.done")
    return True


def _correlation_of(connection: psycopg.Connection[Any], held: ClaimedItem) -> str:
    """The correlation id of the event that planned it."""
    row = connection.execute(
        "SELECT correlation_id FROM eventlog_event WHERE stream = %s AND event_id = %s", (held.stream, held.event_id)
    ).fetchone()
    return str(row[0]) if row else ""
