"""One engine run in a thread of its own: where it stands, and how to stop it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from generator import memory
from generator.memory import NoRoom
from generator.ports import Cancel, JobClaim, Progress, RawClip
from generator.registry import EngineRegistry

LOADING: Final = "load"
"""The phase in which an engine is loaded: it tells nothing of how far it is."""
Clock = Callable[[], float]
"""Seconds that never run backwards."""


def is_of_memory(problem: BaseException) -> bool:
    """Python's own, and what torch raises for an accelerator's."""
    return isinstance(problem, MemoryError) or type(problem).__name__ == "OutOfMemoryError"


class PostProcessor(Protocol):
    """What is done with a raw clip in the engine's thread before it is reported. Raises what an engine may raise."""

    def __call__(self, claim: JobClaim, clip: RawClip, progress: Progress, cancel: Cancel) -> None: ...


class Job:
    """`over` is set when `outcome` holds the clip, or the exception that ended the run.

    `ended` is set after it: one bell for whoever waits for several runs.
    """

    def __init__(
        self,
        engines: EngineRegistry,
        claim: JobClaim,
        clock: Clock,
        develop: PostProcessor | None,
        ended: threading.Event,
    ) -> None:
        self.engines, self.claim, self.clock, self.develop, self.ended = engines, claim, clock, develop, ended
        self.phase, self.done_0_1 = "start", 0.0
        self.seconds: dict[str, float] = {}
        self.reason: str | None = None
        self.is_dropped = False
        self.over = threading.Event()
        self.outcome: RawClip | BaseException = RuntimeError("The run is not over.")
        self.moved_at = self.phase_began = clock()

    @property
    def frames(self) -> int:
        """How many frames the clip has, or 0 where it was not made."""
        return len(self.outcome.frames) if isinstance(self.outcome, RawClip) else 0

    def start(self) -> None:
        self.moved_at = self.phase_began = self.clock()
        threading.Thread(target=self._make, name=f"run-{self.claim.id}", daemon=True).start()

    def stop(self, reason: str) -> None:
        """The engine stops at its next frame. The first reason stands."""
        self.reason = self.reason or reason

    def drop(self, reason: str) -> None:
        """As stop; and nothing of the run is reported, because it is no longer ours."""
        self.is_dropped = True
        self.stop(reason)

    def idle_seconds(self) -> float:
        """Seconds since the engine last moved."""
        return self.clock() - self.moved_at

    def progress(self, phase: str, done_0_1: float) -> None:
        if (phase, done_0_1) == (self.phase, self.done_0_1):
            return
        now = self.clock()
        if phase != self.phase:
            self._close_phase(now)
        self.phase, self.done_0_1, self.moved_at = phase, done_0_1, now

    def cancel(self) -> str | None:
        return self.reason

    def _close_phase(self, now: float) -> None:
        self.seconds[self.phase] = self.seconds.get(self.phase, 0.0) + now - self.phase_began
        self.phase_began = now

    def _drawn(self) -> RawClip:
        """Where memory does not do, the other engines go first, and what ran out of it is tried once more."""
        request = self.claim.request
        self.progress(LOADING, 0.0)
        engine = self.engines.loaded(request.engine)
        need = engine.estimate(request).bytes
        if need > memory.left():
            self.engines.unload_but(request.engine)
        if need > (left := memory.left()):
            raise NoRoom(f"This clip takes {need / 1e6:.0f} MB, and {left / 1e6:.0f} MB are left.")
        try:
            return engine.generate(request, self.progress, self.cancel)
        except Exception as problem:
            if not is_of_memory(problem) or not self.engines.unload_but(request.engine):
                raise
        again = engine.generate(request, self.progress, self.cancel)
        return replace(again, recipe=again.recipe | {"tried_again": "memory"})

    def _make(self) -> None:
        try:
            clip = self._drawn()
            if self.develop:
                self.develop(self.claim, clip, self.progress, self.cancel)
            self.outcome = clip
        except BaseException as problem:  # noqa: BLE001 - a thread may not die without an answer
            self.outcome = problem
        self._close_phase(self.clock())
        self.over.set()
        self.ended.set()
