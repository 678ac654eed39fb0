"""One run watched from the queue's side: a beat while it moves, and one word about how it ended."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from generator.job import LOADING, Clock, Job, is_of_memory
from generator.ports import (
    BeyondCapabilities,
    Cancelled,
    Declined,
    FailureKind,
    JobClaim,
    JobQueue,
    LeaseLost,
    Unsupported,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Timeouts:
    """Seconds: between beats, without an answer, without progress, to load an engine, between claims when idle."""

    beat: float = 0.4
    unanswered: float = 5.0
    hang: float = 30.0
    load: float = 300.0
    idle: float = 0.2


TIMEOUTS = Timeouts()


class EngineHung(RuntimeError):
    """The engine's thread cannot be stopped: end this process, its supervisor starts a new one."""

    code = "engine_hung"


@dataclass
class JobMonitor:
    """One run, watched from the queue's side."""

    queue: JobQueue
    claim: JobClaim
    run: Job
    clock: Clock
    patience: Timeouts
    should_stop: Callable[[], bool]

    def begin(self) -> None:
        self.answered_at = self.clock()
        self.run.start()

    def tick(self) -> bool:
        """Looks after the run once: a beat while it moves, a word about its end. False when nothing is left to do."""
        if not self.run.over.is_set():
            self._watch()
            return True
        if self._heartbeat():
            self._report()
            return False
        return not self.run.is_dropped

    def _watch(self) -> None:
        if self.run.idle_seconds() > (self.patience.load if self.run.phase == LOADING else self.patience.hang):
            self.run.drop("hung")
            raise EngineHung(f"Run {self.claim.id} made no progress in phase {self.run.phase!r}; its lease runs out.")
        if self.should_stop():
            self.run.drop("worker_stopping")
        self._heartbeat()

    def _heartbeat(self) -> bool:
        """One beat; true where the queue answered and still holds the run ours."""
        if self.run.is_dropped:
            return False
        try:
            reason = self.queue.heartbeat(self.claim, self.run.phase, self.run.done_0_1)
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
            self._log()
        except (LeaseLost, OSError) as problem:
            log.warning("Run %s was dropped at its end, nothing was kept: %r", self.claim.id, problem)

    def _log(self) -> None:
        """Says how the run ended. A reason to cancel wins over a clip that was made meanwhile."""
        outcome, claim = self.run.outcome, self.claim
        if isinstance(outcome, Cancelled):
            self.queue.cancelled(claim, outcome.reason, outcome.frame)
        elif self.run.reason:
            self.queue.cancelled(claim, self.run.reason, self.run.frames)
        elif isinstance(outcome, Unsupported):
            self.queue.unsupported(claim, outcome)
        elif isinstance(outcome, BaseException):
            log.error("Run %s failed", claim.id, exc_info=outcome)
            self.queue.failed(claim, f"{type(outcome).__name__}: {outcome}", _kind(outcome))
        else:
            self.queue.finish(claim, outcome, self.run.seconds)


def _kind(error: BaseException) -> FailureKind:
    if is_of_memory(error):
        return "memory"
    if isinstance(error, Declined):
        return "declined"
    return "request" if isinstance(error, BeyondCapabilities) else "engine"
