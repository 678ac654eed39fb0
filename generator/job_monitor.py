"""Job monitor: sends heartbeats while a job makes progress, then one report of how it ended."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from generator.job import LOADING, Clock, Job, is_out_of_memory
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
    """Seconds: between heartbeats, without an answer, without progress, to load an engine, between claims when idle."""

    beat: float = 0.4
    unanswered: float = 5.0
    hang: float = 30.0
    load: float = 300.0
    idle: float = 0.2


TIMEOUTS = Timeouts()


class EngineHung(RuntimeError):
    """The engine's thread cannot be stopped: end this process; its supervisor starts a new one."""

    code = "engine_hung"


@dataclass
class JobMonitor:
    queue: JobQueue
    claim: JobClaim
    job: Job
    clock: Clock
    timeouts: Timeouts
    should_stop: Callable[[], bool]

    def start(self) -> None:
        self.answered_at = self.clock()
        self.job.start()

    def tick(self) -> bool:
        """Sends one heartbeat, or the report once the job has finished. False when nothing is left to do."""
        if not self.job.finished.is_set():
            self._watch()
            return True
        if self._heartbeat():
            self._report()
            return False
        return not self.job.is_dropped

    def _watch(self) -> None:
        if self.job.idle_seconds() > (self.timeouts.load if self.job.phase == LOADING else self.timeouts.hang):
            self.job.drop("hung")
            raise EngineHung(f"Job {self.claim.id} made no progress in phase {self.job.phase!r}; its lease runs out.")
        if self.should_stop():
            self.job.drop("worker_stopping")
        self._heartbeat()

    def _heartbeat(self) -> bool:
        """True if the queue answered and the lease is still ours."""
        if self.job.is_dropped:
            return False
        try:
            reason = self.queue.heartbeat(self.claim, self.job.phase, self.job.done_0_1)
        except LeaseLost:
            self.job.drop("lease_lost")
        except Exception as problem:  # noqa: BLE001 - without an answer, for any reason, the job must not go on
            self._unanswered(problem)
        else:
            self.answered_at = self.clock()
            if reason:
                self.job.stop(reason)
            return True
        return False

    def _unanswered(self, problem: Exception) -> None:
        silent = self.clock() - self.answered_at
        log.warning("No answer to the heartbeat of job %s for %.1f s: %r", self.claim.id, silent, problem)
        if silent >= self.timeouts.unanswered:
            self.job.drop("no_answer")

    def _report(self) -> None:
        try:
            self._send_outcome()
        except (LeaseLost, OSError) as problem:
            log.warning("Job %s was dropped at its end; nothing was kept: %r", self.claim.id, problem)

    def _send_outcome(self) -> None:
        """A reason to cancel takes precedence over a clip that was finished meanwhile."""
        outcome, claim = self.job.outcome, self.claim
        if isinstance(outcome, Cancelled):
            self.queue.cancelled(claim, outcome.reason, outcome.frame)
        elif self.job.reason:
            self.queue.cancelled(claim, self.job.reason, self.job.frames)
        elif isinstance(outcome, Unsupported):
            self.queue.unsupported(claim, outcome)
        elif isinstance(outcome, BaseException):
            log.error("Job %s failed", claim.id, exc_info=outcome)
            self.queue.failed(claim, f"{type(outcome).__name__}: {outcome}", _kind(outcome))
        else:
            self.queue.finish(claim, outcome, self.job.seconds)


def _kind(error: BaseException) -> FailureKind:
    if is_out_of_memory(error):
        return "memory"
    if isinstance(error, Declined):
        return "declined"
    return "request" if isinstance(error, BeyondCapabilities) else "engine"
