"""Job: one engine run in its own thread, with its progress and a way to stop it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from generator import memory
from generator.memory import NotEnoughMemory
from generator.ports import Cancel, JobClaim, Progress, RawClip
from generator.registry import EngineRegistry

LOADING: Final = "load"
"""The phase in which an engine loads. It reports no progress."""
Clock = Callable[[], float]
"""Monotonic seconds."""


def is_out_of_memory(problem: BaseException) -> bool:
    """True for Python's `MemoryError` and torch's `OutOfMemoryError`."""
    return isinstance(problem, MemoryError) or type(problem).__name__ == "OutOfMemoryError"


class PostProcessor(Protocol):
    """Processes a raw clip in the engine's thread before it is reported. Raises what an engine may raise."""

    def __call__(self, claim: JobClaim, clip: RawClip, progress: Progress, cancel: Cancel) -> None: ...


class Job:
    """`finished` is set when `outcome` holds the clip, or the exception that ended the job.

    `any_finished` is set after it; several jobs share that event.
    """

    def __init__(
        self,
        engines: EngineRegistry,
        claim: JobClaim,
        clock: Clock,
        post_process: PostProcessor | None,
        any_finished: threading.Event,
    ) -> None:
        self.engines, self.claim, self.clock, self.post_process, self.any_finished = (
            engines,
            claim,
            clock,
            post_process,
            any_finished,
        )
        self.phase, self.done_0_1 = "start", 0.0
        self.seconds: dict[str, float] = {}
        self.reason: str | None = None
        self.is_dropped = False
        self.finished = threading.Event()
        self.outcome: RawClip | BaseException = RuntimeError("The job is not finished.")
        self.last_progress_at = self.phase_began = clock()

    @property
    def frames(self) -> int:
        """The clip's frames, 0 without a clip."""
        return len(self.outcome.frames) if isinstance(self.outcome, RawClip) else 0

    def start(self) -> None:
        self.last_progress_at = self.phase_began = self.clock()
        threading.Thread(target=self._run, name=f"job-{self.claim.id}", daemon=True).start()

    def stop(self, reason: str) -> None:
        """Stops the engine at its next frame. The first reason is kept."""
        self.reason = self.reason or reason

    def drop(self, reason: str) -> None:
        """Like `stop`, but nothing is reported: the job is no longer ours."""
        self.is_dropped = True
        self.stop(reason)

    def idle_seconds(self) -> float:
        """Seconds since the last progress."""
        return self.clock() - self.last_progress_at

    def progress(self, phase: str, done_0_1: float) -> None:
        if (phase, done_0_1) == (self.phase, self.done_0_1):
            return
        now = self.clock()
        if phase != self.phase:
            self._close_phase(now)
        self.phase, self.done_0_1, self.last_progress_at = phase, done_0_1, now

    def cancel(self) -> str | None:
        return self.reason

    def _close_phase(self, now: float) -> None:
        self.seconds[self.phase] = self.seconds.get(self.phase, 0.0) + now - self.phase_began
        self.phase_began = now

    def _generate(self) -> RawClip:
        """Without enough memory, unloads the other engines first; a job that ran out of it is tried once more."""
        request = self.claim.request
        self.progress(LOADING, 0.0)
        engine = self.engines.loaded(request.engine)
        need = engine.estimate(request).bytes
        if need > memory.available():
            self.engines.unload_but(request.engine)
        if need > (left := memory.available()):
            raise NotEnoughMemory(f"This clip needs {need / 1e6:.0f} MB; {left / 1e6:.0f} MB are available.")
        try:
            return engine.generate(request, self.progress, self.cancel)
        except Exception as problem:
            if not is_out_of_memory(problem) or not self.engines.unload_but(request.engine):
                raise
        again = engine.generate(request, self.progress, self.cancel)
        return replace(again, recipe=again.recipe | {"tried_again": "memory"})

    def _run(self) -> None:
        try:
            clip = self._generate()
            if self.post_process:
                self.post_process(self.claim, clip, self.progress, self.cancel)
            self.outcome = clip
        except BaseException as problem:  # noqa: BLE001 - a thread must not die without an outcome
            self.outcome = problem
        self._close_phase(self.clock())
        self.finished.set()
        self.any_finished.set()
