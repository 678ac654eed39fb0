"""What has just happened, handed to whoever is watching. One connection listens for all of them.

The sequencer says when positions were given (`NOTIFY`); what they are is read from the log, so that nothing is missed
when a notification is. Runs are asked for their progress twice a second, and only those that somebody watches.
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
AWAY_SECONDS: Final = 5.0
PROGRESS_SECONDS: Final = 0.5
AT_MOST: Final = 500

COLUMNS: Final = "p.position, e.type, e.stream, e.version, e.correlation_id::text"
NEW: Final = (
    f"SELECT {COLUMNS} FROM eventlog_event_position p JOIN eventlog_event e USING (id)"  # noqa: S608
    " WHERE p.position > %s ORDER BY 1 LIMIT %s"
)
BACKLOG: Final = (
    f"SELECT {COLUMNS} FROM eventlog_event_position p JOIN eventlog_event e USING (id)"  # noqa: S608
    " WHERE (e.stream = %(topic)s OR e.correlation_id = %(story)s) AND p.position > %(after)s ORDER BY 1 LIMIT 500"
)
RUNNING: Final = (
    "SELECT payload ->> 'generation', progress FROM eventlog_outbox"
    " WHERE kind = 'job' AND state = 'leased' AND progress IS NOT NULL AND payload ->> 'generation' = ANY(%s)"
)


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One message for a watcher. Without a position it is not an event: it may be missed."""

    kind: str
    data: dict[str, Any]
    position: int | None = None


Subscriber = asyncio.Queue[ServerEvent | None]
"""None: the watcher fell behind, or PostgreSQL was away, and must come again."""
DatabaseUnavailable = psycopg.Error


class Hub:
    """Topics are streams: `generation-<id>` hears its whole story, `use-<person>` that person's notices."""

    def __init__(self) -> None:
        self._watchers: dict[str, set[Subscriber]] = {}
        self._progress: dict[str, Any] = {}
        self._asked_at = 0.0
        self._listening = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def watching(self, topic: str) -> AsyncIterator[Subscriber]:
        """What happens on a topic from now on. Raises `TimeoutError` while PostgreSQL is away."""
        self._task = self._task or asyncio.create_task(self._kept_up())
        await asyncio.wait_for(self._listening.wait(), AWAY_SECONDS)
        watcher: Subscriber = asyncio.Queue(MAX_QUEUED)
        self._watchers.setdefault(topic, set()).add(watcher)
        try:
            yield watcher
        finally:
            self._watchers[topic].discard(watcher)
            if not self._watchers[topic]:
                del self._watchers[topic]

    async def missed(self, topic: str, after: int) -> list[ServerEvent]:
        """What happened on a topic after a position."""
        story = topic.removeprefix("generation-") if topic.startswith("generation-") else None
        async with await _connect() as connection:
            rows = await connection.execute(BACKLOG, {"topic": topic, "story": story, "after": after})
            return [_server_event(row) for row in await rows.fetchall()]

    async def _kept_up(self) -> None:
        """A lost connection is made anew; what happened meanwhile is told to those who come again."""
        while True:
            try:
                async with await _connect() as connection:
                    await self._listen(connection)
            except DatabaseUnavailable as problem:
                logger.warning("live updates: PostgreSQL is away (%s)", type(problem).__name__)
                self._listening.clear()
                self._notify(list(self._watchers), None)
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
            while rows := await (await connection.execute(NEW, (reached, AT_MOST))).fetchall():
                reached = rows[-1][0]
                for found in rows:
                    self._notify({found[2], f"generation-{found[4]}"}, _server_event(found))
            await self._ask_runs(connection)

    async def _ask_runs(self, connection: psycopg.AsyncConnection[Any]) -> None:
        watched = [topic.removeprefix("generation-") for topic in self._watchers if topic.startswith("generation-")]
        if not watched or time.monotonic() - self._asked_at < PROGRESS_SECONDS:
            return
        self._asked_at = time.monotonic()
        rows = await (await connection.execute(RUNNING, (watched,))).fetchall()
        for generation, progress in rows:
            if self._progress.get(generation) != progress:
                whole = job_done_0_1(progress["phase"], progress["done"])
                self._notify(
                    {f"generation-{generation}"}, ServerEvent("progress", {"phase": progress["phase"], "done": whole})
                )
        self._progress = dict(rows)

    def _notify(self, topics: Iterable[str], said: ServerEvent | None) -> None:
        for watcher in {w for topic in topics for w in self._watchers.get(topic, ())}:
            if not watcher.full():
                watcher.put_nowait(said if watcher.qsize() < MAX_QUEUED - 1 else None)


def _server_event(row: tuple[Any, ...]) -> ServerEvent:
    position, kind, stream, version, _story = row
    return ServerEvent("step", {"type": kind, "stream": stream, "version": version}, position)


async def _connect() -> psycopg.AsyncConnection[Any]:
    parameters = connections["default"].get_connection_params()
    for name in ("context", "cursor_factory", "prepare_threshold"):
        parameters.pop(name, None)
    return await psycopg.AsyncConnection.connect(**parameters, autocommit=True)
