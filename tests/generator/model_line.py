"""A queue in memory, and engines that behave badly on purpose."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from generator.engines.scene.engine import SceneEngine
from generator.job import PostProcessor
from generator.job_monitor import Timeouts
from generator.ports import (
    Cancel,
    Cancelled,
    FailureKind,
    GenerationRequest,
    JobClaim,
    JobShape,
    Progress,
    RawClip,
    Unsupported,
)
from generator.registry import EngineRegistry
from generator.worker import work
from tests.generator.questions import ask

QUICK = Timeouts(beat=0.005, unanswered=60, hang=60, idle=0.001)
"""Frequent heartbeats and long timeouts, so that a busy machine does not end a test."""
SHORT = ask("a red ball bouncing", seconds=0.3, size=(160, 288))
Answer = Callable[[int], str | None]


@dataclass
class Line:
    """Answers each heartbeat by `answer(its number)`; `reports` are the reports of ends."""

    waiting: list[GenerationRequest]
    answer: Answer = lambda _: None
    reports: list[tuple[object, ...]] = field(default_factory=list)
    beats: list[tuple[str, float]] = field(default_factory=list)
    claimed: int = 0
    found_empty: bool = False
    timeouts: Timeouts = QUICK

    def claim(self, like: JobShape | None = None) -> JobClaim | None:
        if not self.waiting:
            self.found_empty = True
            return None
        found = next((n for n, request in enumerate(self.waiting) if like in {None, request.shape}), None)
        if found is None:
            return None
        self.claimed += 1
        return JobClaim(f"run-{self.claimed}", self.claimed, self.waiting.pop(found))

    def heartbeat(self, claim: JobClaim, phase: str, done_0_1: float) -> str | None:
        self.beats.append((phase, done_0_1))
        return self.answer(len(self.beats))

    def finish(self, claim: JobClaim, clip: RawClip, seconds: dict[str, float]) -> None:
        self.reports.append(("finished", claim.id, len(clip.frames), *sorted(seconds)))

    def unsupported(self, claim: JobClaim, exc: Unsupported) -> None:
        self.reports.append(("unsupported", claim.id, exc.unknown))

    def cancelled(self, claim: JobClaim, reason: str, frame: int) -> None:
        self.reports.append(("cancelled", claim.id, reason))

    def failed(self, claim: JobClaim, error: str, kind: FailureKind) -> None:
        self.reports.append(("failed", claim.id, kind))

    def worked(
        self, engine: SceneEngine | None = None, post_process: PostProcessor | None = None
    ) -> list[tuple[object, ...]]:
        """All reports of a worker that runs until the line is empty."""
        engines = EngineRegistry(lambda _: engine or SceneEngine())
        work(self, engines, should_stop=lambda: self.found_empty, timeouts=self.timeouts, post_process=post_process)
        return self.reports


class Slow(SceneEngine):
    """Draws for ever, one frame in 2 ms, until cancelled."""

    def __init__(self) -> None:
        self.stopped_for: str | None = None

    def generate(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> RawClip:
        for frame in range(1_000_000):
            if reason := cancel():
                self.stopped_for = reason
                raise Cancelled(reason, frame)
            progress("draw", frame / 1_000_000)
            time.sleep(0.002)
        raise AssertionError


class Hung(SceneEngine):
    """Draws one frame, then reports no more progress."""

    def generate(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> RawClip:
        progress("draw", 0.1)
        time.sleep(2)
        raise Cancelled("hung", 1)


class Broken(SceneEngine):
    def __init__(self, error: Exception) -> None:
        self.error = error

    def generate(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> RawClip:
        raise self.error
