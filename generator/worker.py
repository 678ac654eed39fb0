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

A run of which the queue hears nothing loses its lease, and another worker makes it again, bit for bit.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from generator.port import (
    BeyondCapabilities,
    Cancelled,
    Claim,
    Engine,
    FailureKind,
    LeaseLost,
    OutsideVocabulary,
    RunQueue,
)
from generator.run import Develop, Run

log = logging.getLogger(__name__)
Clock = Callable[[], float]
"""Seconds that never run backwards."""


@dataclass(frozen=True)
class Patience:
    """Seconds: between beats, without an answer, without progress, between claims while there is nothing to do."""

    beat: float = 0.4
    unanswered: float = 5.0
    hang: float = 30.0
    idle: float = 0.2


PATIENCE = Patience()


class EngineHung(RuntimeError):
    """The engine's thread cannot be stopped: end this process, its supervisor starts a new one."""

    code = "engine_hung"


def work(  # noqa: PLR0913 - two ports, and what is let in from outside
    queue: RunQueue,
    engine: Engine,
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
    engine.load()
    try:
        while not should_stop():
            if claim := _claim(queue):
                _Attendance(queue, claim, Run(engine, claim, clock, develop), clock, patience, should_stop).attend()
            else:
                time.sleep(patience.idle)
    finally:
        engine.unload()


def _claim(queue: RunQueue) -> Claim | None:
    try:
        return queue.claim()
    except OSError:
        log.warning("The queue cannot be reached; nothing was claimed. Trying again.")
        return None


@dataclass
class _Attendance:
    """One run, watched from the queue's side."""

    queue: RunQueue
    claim: Claim
    run: Run
    clock: Clock
    patience: Patience
    should_stop: Callable[[], bool]

    def attend(self) -> None:
        self.answered_at = self.clock()
        self.run.start()
        while not self.run.over.wait(self.patience.beat):
            self._watch()
        while not self._ask():
            if self.run.is_dropped:
                return
            time.sleep(self.patience.beat)
        self._report()

    def _watch(self) -> None:
        if self.run.stuck_for() > self.patience.hang:
            self.run.drop("hung")
            raise EngineHung(f"Run {self.claim.id} made no progress in phase {self.run.phase!r}; its lease runs out.")
        if self.should_stop():
            self.run.drop("worker_stopping")
        self._ask()

    def _ask(self) -> bool:
        """One beat; true where the queue answered and still holds the run ours."""
        if self.run.is_dropped:
            return False
        try:
            reason = self.queue.beat(self.claim, self.run.phase, self.run.done_0_1)
        except LeaseLost:
            self.run.drop("lease_lost")
        except Exception as problem:  # noqa: BLE001 - whatever keeps the answer away, without one we may not go on
            self._unanswered(problem)
        else:
            self.answered_at = self.clock()
            if reason:
                self.run.stop(reason)
            return True
        return False

    def _unanswered(self, problem: Exception) -> None:
        silent = self.clock() - self.answered_at
        log.warning("No answer to the beat of run %s for %.1f s: %r", self.claim.id, silent, problem)
        if silent >= self.patience.unanswered:
            self.run.drop("no_answer")

    def _report(self) -> None:
        try:
            self._tell()
        except (LeaseLost, OSError) as problem:
            log.warning("Run %s was dropped at its end, nothing was kept: %r", self.claim.id, problem)

    def _tell(self) -> None:
        """Says how the run ended. A reason to cancel wins over a clip that was made meanwhile."""
        outcome, claim = self.run.outcome, self.claim
        if isinstance(outcome, Cancelled):
            self.queue.cancelled(claim, outcome.reason, outcome.frame)
        elif self.run.reason:
            self.queue.cancelled(claim, self.run.reason, self.run.frames)
        elif isinstance(outcome, OutsideVocabulary):
            self.queue.outside(claim, outcome)
        elif isinstance(outcome, BaseException):
            log.error("Run %s failed", claim.id, exc_info=outcome)
            self.queue.failed(claim, f"{type(outcome).__name__}: {outcome}", _kind(outcome))
        else:
            self.queue.finish(claim, outcome, self.run.seconds)


def _kind(error: BaseException) -> FailureKind:
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "memory"
    return "request" if isinstance(error, BeyondCapabilities) else "engine"
