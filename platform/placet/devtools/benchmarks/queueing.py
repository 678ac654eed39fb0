"""The cost of the queue: a clip through claim, lease, heartbeats and events, against the same clip without them."""

import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psycopg

from generator.evaluation.questions import questions
from generator.ports import Engine, FailureKind, GenerationRequest, JobClaim, JobShape, RawClip, Unsupported
from generator.registry import EngineRegistry
from generator.worker import work
from placet.devtools.benchmarks.eventlog.row import Row
from placet.devtools.benchmarks.flow import Trial, parts, requesters_of
from placet.devtools.evaluation.acceptance import made
from placet.eventlog.store.connect import connect
from placet.eventlog.store.log import EventLog
from placet.media.blobs import BlobStore
from placet.media.storage import private
from placet.processes.generation_queue import LogJobQueue
from placet.studio.commands import RequestGeneration, request_generation

MOST: Final = 1.05
SECONDS_EACH: Final = 4.0
WAIT_SECONDS: Final = 120.0
KEY: Final = bytes(32)


def queue_row(dsn: str, engine: Engine, clips: int, report: Callable[[str], None]) -> Row:
    """The median of pairs. `engine` is the small model, loaded."""
    with connect() as connection, tempfile.TemporaryDirectory() as folder:
        report("requesting clips, and waiting for the checks")
        _approve(dsn, connection, clips)
        report(f"{clips} clips through the queue, and each again without it")
        store = BlobStore(Path(folder))
        pairs = [_pair(connection, store, engine) for _ in range(clips)]
    queued, bare = (statistics.median(pair[n] for pair in pairs) for n in (0, 1))
    over = statistics.median(one / other for one, other in pairs)
    return Row("a clip through the queue", round(queued, 3), "s", f"<= {MOST} x", round(bare, 3),
               "the same work without it", round(over, 3), judged=True, note=f"median of {clips} pairs")  # fmt: skip


def _approve(dsn: str, connection: psycopg.Connection, clips: int) -> None:
    """Request clips and let the processes of the flow approve them; they end before the measurement."""
    with parts(dsn, Trial(rate=0, seconds=0)):
        requesters = requesters_of(connection)
        for (asked, seed), requester in zip(questions(clips), requesters, strict=False):
            command = RequestGeneration(
                str(uuid.uuid4()), requester, str(asked), seconds=SECONDS_EACH, engine="small", seed=seed
            )
            request_generation(EventLog(connection), command)
        until = time.monotonic() + WAIT_SECONDS
        while _waiting(connection) < clips:
            if time.monotonic() > until:
                raise TimeoutError("the processes did not approve the clips in time")
            time.sleep(0.2)


def _waiting(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM eventlog_outbox WHERE kind = 'job' AND state = 'planned'").fetchone()
    return int(row[0]) if row else 0


class _OneJob(LogJobQueue):
    """Hands out one job, and knows when it has ended."""

    taken: JobClaim | None = None
    is_over = False

    def claim(self, like: JobShape | None = None) -> JobClaim | None:
        if self.taken:
            return None
        self.taken = super().claim(like)
        return self.taken

    def finish(self, claim: JobClaim, clip: RawClip, seconds: dict[str, float]) -> None:
        super().finish(claim, clip, seconds)
        self.is_over = True

    def unsupported(self, claim: JobClaim, exc: Unsupported) -> None:  # noqa: ARG002
        raise exc

    def failed(self, claim: JobClaim, error: str, kind: FailureKind) -> None:
        raise RuntimeError(f"job {claim.id} failed ({kind}): {error}")


def _pair(connection: psycopg.Connection, store: BlobStore, engine: Engine) -> tuple[float, float]:
    """Seconds of one clip: through the queue, and of the same request without it."""
    queue = _OneJob(lambda: connection, store, private(), KEY)
    begun = time.perf_counter()
    work(
        queue,
        EngineRegistry(lent={"small": engine}),
        should_stop=lambda: queue.is_over,
        post_process=queue.post_process,
    )
    queued = time.perf_counter() - begun
    assert queue.taken
    return queued, _bare(queue, engine, queue.taken.request)


def _bare(queue: LogJobQueue, engine: Engine, request: GenerationRequest) -> float:
    begun = time.perf_counter()
    clip = made(engine, request)
    queue.post_process(JobClaim(f"bare-{uuid.uuid4()}", 0, request), clip, lambda _phase, _done: None, lambda: None)
    return time.perf_counter() - begun
