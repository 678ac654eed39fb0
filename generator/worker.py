"""Claims runs and makes them, one at a time. It beats while the engine moves, and stops when it may not go on.

The engine works in a thread of its own; the queue is called from the caller's thread only. What ends a run:

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
import time
from collections.abc import Callable

from generator.attendance import PATIENCE, Attendance, Patience
from generator.port import Claim, RunQueue
from generator.registry import Engines
from generator.run import Clock, Develop, Run

log = logging.getLogger(__name__)


def work(  # noqa: PLR0913 - two ports, and what is let in from outside
    queue: RunQueue,
    engines: Engines,
    *,
    clock: Clock = time.monotonic,
    should_stop: Callable[[], bool],
    patience: Patience = PATIENCE,
    develop: Develop | None = None,
) -> None:
    """Makes runs until told to stop. Raises EngineHung when only a new process can go on.

    `develop` is for what takes long after the engine (mark, encode, put in quarantine): it runs in the engine's
    thread while the lease is kept, touches no database, and is done before `finish` is called.
    """
    try:
        while not should_stop():
            if claim := _claim(queue):
                Attendance(queue, claim, Run(engines, claim, clock, develop), clock, patience, should_stop).attend()
            else:
                time.sleep(patience.idle)
    finally:
        engines.unload()


def _claim(queue: RunQueue) -> Claim | None:
    try:
        return queue.claim()
    except OSError:
        log.warning("The queue cannot be reached; nothing was claimed. Trying again.")
        return None
