"""New events for subscribers of live updates. One database connection listens for all of them.

The sequencer notifies (`NOTIFY`) when it has assigned positions; the events are read from the log, so a lost
notification loses no event. Progress of jobs is polled twice a second, only for generations with subscribers.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from django.db import connections

from placet.eventlog.store.sequencer import CHANNEL
from placet.studio.view_model import job_done_0_1

logger = logging.getLogger(__name__)
MAX_QUEUED: Final = 200
CONNECT_SECONDS: Final = 5.0
PROGRESS_SECONDS: Final = 0.5
BATCH: Final = 500

COLUMNS: Final = "p.position, e.type, e.stream, e.version, e.correlation_id::text"
NEW: Final = (
    f"SELECT {COLUMNS} FROM eventlog_event_position p JOIN eventlog_event e USING (id)"  # noqa: S608
    " WHERE p.position > %s ORDER BY 1 LIMIT %s"
)
BACKLOG: Final = (
    f"SELECT {COLUMNS} FROM eventlog_event_position p JOIN eventlog_event e USING (id)"  # noqa: S608
    " WHERE (e.stream = %(topic)s OR e.correlation_id = %(generation)s) AND p.position > %(after)s ORDER BY 1 LIMIT 500"
)
PROGRESS: Final = (
    "SELECT payload ->> 'generation', progress FROM eventlog_outbox"
    " WHERE kind = 'job' AND state = 'leased' AND progress IS NOT NULL AND payload ->> 'generation' = ANY(%s)"
)


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One message for a subscriber. Without a position it is not an event and may be missed."""

    kind: str
    data: dict[str, Any]
    position: int | None = None


Subscriber = asyncio.Queue[ServerEvent | None]
"""None: the subscriber fell behind, or PostgreSQL was unavailable, and must reconnect."""
DatabaseUnavailable = psycopg.Error


class Hub:
    """Topics are streams: `generation-<id>` has all events of that generation, `use-<person>` that person's notices."""

    def __init__(self) -> None:
        self._subscribers: dict[str, set[Subscriber]] = {}
        self._progress: dict[str, Any] = {}
        self._polled_at = 0.0
        self._listening = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def subscription(self, topic: str) -> AsyncIterator[Subscriber]:
        """Events of a topic from now on. Raises `TimeoutError` while PostgreSQL is unavailable."""
        self._task = self._task or asyncio.create_task(self._keep_listening())
        await asyncio.wait_for(self._listening.wait(), CONNECT_SECONDS)
        subscriber: Subscriber = asyncio.Queue(MAX_QUEUED)
        self._subscribers.setdefault(topic, set()).add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers[topic].discard(subscriber)
            if not self._subscribers[topic]:
                del self._subscribers[topic]

    async def missed(self, topic: str, after: int) -> list[ServerEvent]:
        """Events of a topic after a position."""
        generation = topic.removeprefix("generation-") if topic.startswith("generation-") else None
        async with await _connect() as connection:
            rows = await connection.execute(BACKLOG, {"topic": topic, "generation": generation, "after": after})
            return [_server_event(row) for row in await rows.fetchall()]

    async def _keep_listening(self) -> None:
        """Reconnects when the connection is lost; subscribers reconnect too and read what they missed."""
        while True:
            try:
                async with await _connect() as connection:
                    await self._listen(connection)
            except DatabaseUnavailable as problem:
                logger.warning("live updates: PostgreSQL is unavailable (%s)", type(problem).__name__)
                self._listening.clear()
                self._notify(list(self._subscribers), None)
                await asyncio.sleep(1)

    async def _listen(self, connection: psycopg.AsyncConnection[Any]) -> None:
        await connection.execute(f"LISTEN {CHANNEL}")
        row = await (
            await connection.execute("SELECT coalesce(max(position), 0) FROM eventlog_event_position")
        ).fetchone()
        reached = int(row[0]) if row else 0
        self._listening.set()
        while True:
            async for _notice in connection.notifies(timeout=PROGRESS_SECONDS, stop_after=1):
                pass
            while rows := await (await connection.execute(NEW, (reached, BATCH))).fetchall():
                reached = rows[-1][0]
                for found in rows:
                    self._notify({found[2], f"generation-{found[4]}"}, _server_event(found))
            await self._poll_progress(connection)

    async def _poll_progress(self, connection: psycopg.AsyncConnection[Any]) -> None:
        watched = [topic.removeprefix("generation-") for topic in self._subscribers if topic.startswith("generation-")]
        if not watched or time.monotonic() - self._polled_at < PROGRESS_SECONDS:
            return
        self._polled_at = time.monotonic()
        rows = await (await connection.execute(PROGRESS, (watched,))).fetchall()
        for generation, progress in rows:
            if self._progress.get(generation) != progress:
                whole = job_done_0_1(progress["phase"], progress["done"])
                self._notify(
                    {f"generation-{generation}"}, ServerEvent("progress", {"phase": progress["phase"], "done": whole})
                )
        self._progress = dict(rows)

    def _notify(self, topics: Iterable[str], event: ServerEvent | None) -> None:
        for subscriber in {w for topic in topics for w in self._subscribers.get(topic, ())}:
            if not subscriber.full():
                subscriber.put_nowait(event if subscriber.qsize() < MAX_QUEUED - 1 else None)


def _server_event(row: tuple[Any, ...]) -> ServerEvent:
    position, kind, stream, version, _correlation = row
    return ServerEvent("step", {"type": kind, "stream": stream, "version": version}, position)


async def _connect() -> psycopg.AsyncConnection[Any]:
    parameters = connections["default"].get_connection_params()
    for name in ("context", "cursor_factory", "prepare_threshold"):
        parameters.pop(name, None)
    return await psycopg.AsyncConnection.connect(**parameters, autocommit=True)
