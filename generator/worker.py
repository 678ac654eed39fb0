"""Worker: claims jobs and runs them, one at a time or as many of one shape as their engine batches.

Engines run in their own threads; the queue is called from the caller's thread only. What ends a job:

| event                                     | reported to the queue | kept     |
|-------------------------------------------|-----------------------|----------|
| the clip is finished                      | finish                | the clip |
| a heartbeat returns a reason              | cancelled             | nothing  |
| the lease is lost                         | nothing               | nothing  |
| no heartbeat is answered for `unanswered` | nothing               | nothing  |
| the worker stops                          | nothing               | nothing  |
| the engine makes no progress for `hang`   | nothing; EngineHung   | nothing  |
| the engine refuses or breaks              | unsupported, failed   | nothing  |
| the engine is unknown or does not load    | failed                | nothing  |

A job without a report loses its lease, and another worker runs it again, bit for bit.
"""

import logging
import threading
import time
from collections.abc import Callable

from generator import memory
from generator.job import Clock, Job, PostProcessor
from generator.job_monitor import TIMEOUTS, JobMonitor, Timeouts
from generator.ports import JobClaim, JobQueue, JobShape
from generator.registry import EngineRegistry

log = logging.getLogger(__name__)


def work(  # noqa: PLR0913 - two ports and their settings
    queue: JobQueue,
    engines: EngineRegistry,
    *,
    clock: Clock = time.monotonic,
    should_stop: Callable[[], bool],
    timeouts: Timeouts = TIMEOUTS,
    post_process: PostProcessor | None = None,
) -> None:
    """Runs jobs until `should_stop`. Raises EngineHung when only a new process can continue.

    `post_process` is for slow steps after the engine (watermark, encode, quarantine): it runs in the engine's thread
    while the lease is renewed, touches no database, and ends before `finish` is called.
    """
    shift = _WorkerLoop(queue, engines, clock, should_stop, timeouts, post_process)
    try:
        while not should_stop() or shift.monitors:
            shift.step()
    finally:
        engines.unload()


class _WorkerLoop:
    """The running jobs: all of one shape, because the engine may batch them."""

    def __init__(  # noqa: PLR0913, PLR0917 - as `work`
        self,
        queue: JobQueue,
        engines: EngineRegistry,
        clock: Clock,
        should_stop: Callable[[], bool],
        timeouts: Timeouts,
        post_process: PostProcessor | None,
    ) -> None:
        self.queue, self.engines, self.clock, self.post_process = queue, engines, clock, post_process
        self.should_stop, self.timeouts = should_stop, timeouts
        self.monitors: list[JobMonitor] = []
        self.any_finished = threading.Event()
        """A job has finished: tick now, not at the next heartbeat."""

    def step(self) -> None:
        """Claims as many jobs as there is room for, then ticks each once."""
        while self._has_room() and (claim := self._claim()):
            run = Job(self.engines, claim, self.clock, self.post_process, self.any_finished)
            self.monitors.append(JobMonitor(self.queue, claim, run, self.clock, self.timeouts, self.should_stop))
            self.monitors[-1].start()
        self.any_finished.wait(self.timeouts.beat if self.monitors else self.timeouts.idle)
        self.any_finished.clear()
        self.monitors = [one for one in self.monitors if one.tick()]

    def _has_room(self) -> bool:
        if self.should_stop():
            return False
        if not self.monitors:
            return True
        request = self.monitors[0].claim.request
        engine = self.engines.get(request.engine)
        if engine is None or len(self.monitors) >= engine.at_once(request):
            return False
        return (len(self.monitors) + 1) * engine.estimate(request).bytes < memory.available()

    def _claim(self) -> JobClaim | None:
        shape: JobShape | None = self.monitors[0].claim.request.shape if self.monitors else None
        try:
            return self.queue.claim(shape)
        except OSError:
            log.warning("The queue cannot be reached; nothing was claimed. Retrying.")
            return None
