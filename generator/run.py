"""One engine run in a thread of its own: where it stands, and how to stop it."""

import threading
from collections.abc import Callable
from typing import Final, Protocol

from generator.port import Cancel, Claim, Progress, RawClip
from generator.registry import Engines

LOADING: Final = "load"
"""The phase in which an engine is loaded: it tells nothing of how far it is."""
Clock = Callable[[], float]
"""Seconds that never run backwards."""


class Develop(Protocol):
    """What is done with a raw clip in the engine's thread before it is reported. Raises what an engine may raise."""

    def __call__(self, claim: Claim, clip: RawClip, progress: Progress, cancel: Cancel) -> None: ...


class Run:
    """`over` is set when `outcome` holds the clip, or the exception that ended the run."""

    def __init__(self, engines: Engines, claim: Claim, clock: Clock, develop: Develop | None) -> None:
        self.engines, self.claim, self.clock, self.develop = engines, claim, clock, develop
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

    def stuck_for(self) -> float:
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

    def _make(self) -> None:
        try:
            self.progress(LOADING, 0.0)
            engine = self.engines.loaded(self.claim.request.engine)
            clip = engine.generate(self.claim.request, self.progress, self.cancel)
            if self.develop:
                self.develop(self.claim, clip, self.progress, self.cancel)
            self.outcome = clip
        except BaseException as problem:  # noqa: BLE001 - a thread may not die without an answer
            self.outcome = problem
        self._close_phase(self.clock())
        self.over.set()
