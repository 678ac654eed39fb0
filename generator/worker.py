"""Claims runs and makes them: one at a time, or as many of one shape as their engine draws together.

Engines work in threads of their own; the queue is called from the caller's thread only. What ends a run:

| what happens                              | what the queue hears | what is kept  |
|-------------------------------------------|----------------------|---------------|
| the clip is made                          | finish               | the clip      |
| a beat answers with a reason              | cancelled            | nothing       |
| the lease is lost                         | nothing              | nothing       |
| no beat is answered for `unanswered`      | nothing              | nothing       |
| the worker is told to stop                | nothing              | nothing       |
| the engine makes no progress for `hang`   | nothing; EngineHung  | nothing       |
| the engine refuses or breaks              | outside, failed      | nothing       |
| nobody knows the engine, or it won't load | failed               | nothing       |

A run of which the queue hears nothing loses its lease, and another worker makes it again, bit for bit.
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


def work(  # noqa: PLR0913 - two ports, and what is let in from outside
    queue: JobQueue,
    engines: EngineRegistry,
    *,
    clock: Clock = time.monotonic,
    should_stop: Callable[[], bool],
    patience: Timeouts = TIMEOUTS,
    post_process: PostProcessor | None = None,
) -> None:
    """Makes runs until told to stop. Raises EngineHung when only a new process can go on.

    `develop` is for what takes long after the engine (mark, encode, put in quarantine): it runs in the engine's
    thread while the lease is kept, touches no database, and is done before `finish` is called.
    """
    shift = _WorkerLoop(queue, engines, clock, should_stop, patience, post_process)
    try:
        while not should_stop() or shift.attended:
            shift.step()
    finally:
        engines.unload()


class _WorkerLoop:
    """The runs under way: all of one shape, because they may be drawn together."""

    def __init__(  # noqa: PLR0913, PLR0917 - as `work`
        self,
        queue: JobQueue,
        engines: EngineRegistry,
        clock: Clock,
        should_stop: Callable[[], bool],
        patience: Timeouts,
        develop: PostProcessor | None,
    ) -> None:
        self.queue, self.engines, self.clock, self.develop = queue, engines, clock, develop
        self.should_stop, self.patience = should_stop, patience
        self.attended: list[JobMonitor] = []
        self.ended = threading.Event()
        """One of the runs is over: look now, and not at the next beat."""

    def step(self) -> None:
        """Claim what there is room for, then look after each run once."""
        while self._has_room() and (claim := self._claimed()):
            run = Job(self.engines, claim, self.clock, self.develop, self.ended)
            self.attended.append(JobMonitor(self.queue, claim, run, self.clock, self.patience, self.should_stop))
            self.attended[-1].begin()
        self.ended.wait(self.patience.beat if self.attended else self.patience.idle)
        self.ended.clear()
        self.attended = [one for one in self.attended if one.tick()]

    def _has_room(self) -> bool:
        if self.should_stop():
            return False
        if not self.attended:
            return True
        request = self.attended[0].claim.request
        engine = self.engines.held(request.engine)
        if engine is None or len(self.attended) >= engine.at_once(request):
            return False
        return (len(self.attended) + 1) * engine.estimate(request).bytes < memory.left()

    def _claimed(self) -> JobClaim | None:
        shape: JobShape | None = self.attended[0].claim.request.shape if self.attended else None
        try:
            return self.queue.claim(shape)
        except OSError:
            log.warning("The queue cannot be reached; nothing was claimed. Trying again.")
            return None
