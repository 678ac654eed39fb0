"""Writer processes: ours through `EventLog.append`, the reference by a bare INSERT into the same table."""

import multiprocessing
import random
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Final, Literal

import psycopg

from placet.devtools.benchmarks.eventlog.entry import TEXT, EntryNoted
from placet.eventlog.store.batch import new_event_id
from placet.eventlog.store.log import EventLog
from placet.eventlog.store.sql import NAMES

Writer = Literal["ours", "bare"]
BARE: Final = f"INSERT INTO eventlog_event ({NAMES}) VALUES " + "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"  # noqa: S608
ROW: Final = ", (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class WriteLoad:
    """What the writers do: their number, events per transaction, seconds or a total count, and whether roughly."""

    writers: int
    a_transaction: int
    seconds: float = 0
    count: int = 0
    is_rough: bool = False
    """Random sleeps between insert and commit, and a tenth of the transactions rolled back."""


class _NoVault:
    """The benchmark's events encrypt nothing."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


@dataclass(slots=True)
class Worker:
    """One writer: a connection, a stream of its own, and its version."""

    connection: psycopg.Connection[Any]
    stream: str = field(default_factory=lambda: f"bench-{uuid.uuid4()}")
    version: int = 0

    def ours(self, count: int) -> None:
        """Append `count` events in one transaction."""
        log = EventLog(self.connection, _NoVault())
        log.append(self.stream, [EntryNoted(TEXT)] * count, expected=self.version)

    def bare(self, count: int) -> None:
        """The same rows, prepared before, in one bare statement."""
        values: list[Any] = []
        for n in range(count):
            event_id = new_event_id()
            values += [event_id, self.stream, self.version + n + 1, "bench.entry_noted.v1", DATA, None, DIGEST]
            values += [event_id, n, event_id, None, None]
        with psycopg.Cursor(self.connection) as cursor:
            cursor.execute(BARE + ROW * (count - 1), values, binary=True, prepare=True)


DATA: Final = f'{{"text":"{TEXT}"}}'.encode()
DIGEST: Final = b"\0" * 32


def _write(dsn: str, kind: Writer, load: WriteLoad, start: float, answer: Connection) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        worker = Worker(connection)
        step: Callable[[int], None] = worker.ours if kind == "ours" else worker.bare
        chance = random.Random(worker.stream)
        time.sleep(max(0, start - time.time()))
        until, written, taken = time.monotonic() + (load.seconds or 1e9), 0, []
        while time.monotonic() < until and (not load.count or written < load.count):
            before = time.perf_counter()
            if _roughly(connection, load, chance, lambda: step(load.a_transaction)):
                worker.version += load.a_transaction
                written += load.a_transaction
                taken.append(time.perf_counter() - before)
    answer.send((written, taken))


def _roughly(
    connection: psycopg.Connection[Any], load: WriteLoad, chance: random.Random, step: Callable[[], None]
) -> bool:
    """One transaction; under a rough load it sleeps before its commit or is rolled back. True if it committed."""
    if not load.is_rough:
        step()
        return True
    is_kept = chance.random() > 0.1
    with connection.transaction(force_rollback=not is_kept):
        step()
        if chance.random() < 0.05:
            time.sleep(chance.random() * 0.01)
    return is_kept


@contextmanager
def running(dsn: str, kind: Writer, load: WriteLoad) -> Iterator[Callable[[], tuple[int, list[float]]]]:
    """Start the writers together; call what is yielded to wait for (events written, seconds of each transaction)."""
    spawn = multiprocessing.get_context("spawn")
    start, started = time.time() + 1.5, []
    for _ in range(load.writers):
        mine, theirs = spawn.Pipe(duplex=False)
        process = spawn.Process(target=_write, args=(dsn, kind, load, start, theirs), daemon=True)
        process.start()
        started.append((process, mine))

    def wait() -> tuple[int, list[float]]:
        answers = [pipe.recv() for _, pipe in started]
        for process, _ in started:
            process.join()
        return sum(a[0] for a in answers), [t for a in answers for t in a[1]]

    try:
        yield wait
    finally:
        for process, _ in started:
            process.kill()
