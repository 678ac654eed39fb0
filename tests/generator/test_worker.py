import logging
import threading
import time
from dataclasses import replace

import pytest

from generator.engines.scene.engine import SceneEngine
from generator.job_monitor import EngineHung
from generator.ports import Cancel, Declined, GenerationRequest, JobClaim, JobShape, LeaseLost, Progress, RawClip
from generator.registry import EngineRegistry
from generator.worker import work
from tests.generator.model_line import QUICK, SHORT, Broken, Hung, Line, Slow
from tests.generator.questions import ask


def raising(error: Exception, *, on: range = range(1, 10_000)) -> Line:
    """A line with one job whose heartbeats fail."""

    def answer(heartbeat: int) -> str | None:
        if heartbeat in on:
            raise error
        return None

    return Line([SHORT], answer)


def test_jobs_run_in_turn_and_report_seconds_per_phase() -> None:
    phases = ("done", "draw", "load", "read", "sound", "start")
    assert Line([SHORT, SHORT]).worked() == [("finished", "run-1", 7, *phases), ("finished", "run-2", 7, *phases)]


def test_heartbeats_report_the_progress() -> None:
    line = Line([SHORT], lambda heartbeat: "enough" if heartbeat == 6 else None)
    line.worked(Slow())
    assert [done for _, done in line.beats] == sorted(done for _, done in line.beats)
    assert {phase for phase, _ in line.beats} <= {"start", "load", "draw"}


@pytest.mark.promise("P3")
def test_a_reason_from_a_heartbeat_cancels_the_job() -> None:
    engine = Slow()
    assert Line([SHORT], lambda _: "consent_revoked").worked(engine) == [("cancelled", "run-1", "consent_revoked")]
    assert engine.stopped_for == "consent_revoked"


@pytest.mark.promise("P3")
def test_a_reason_at_the_last_moment_still_cancels_the_clip() -> None:
    class Late(Line):
        def heartbeat(self, claim: JobClaim, phase: str, done_0_1: float) -> str | None:
            return "consent_revoked" if phase == "done" else None

    assert Late([SHORT]).worked() == [("cancelled", "run-1", "consent_revoked")]


@pytest.mark.promise("P6")
def test_a_lost_lease_stops_the_engine_without_a_report() -> None:
    engine, line = Slow(), raising(LeaseLost())
    assert line.worked(engine) == []
    assert (engine.stopped_for, len(line.beats)) == ("lease_lost", 1)


@pytest.mark.promise("P3", "P8")
def test_an_unanswering_queue_stops_the_job_without_a_report() -> None:
    engine, line = Slow(), raising(ConnectionError("gone"))
    line.timeouts = replace(QUICK, unanswered=0.1)
    assert line.worked(engine) == []
    assert engine.stopped_for == "no_answer"
    assert len(line.beats) > 1


def test_a_queue_that_answers_again_in_time_changes_nothing() -> None:
    assert [what for what, *_ in raising(TimeoutError(), on=range(1, 3)).worked()] == ["finished"]


def test_a_claim_is_retried_if_the_queue_is_unreachable() -> None:
    class Away(Line):
        asked = 0

        def claim(self, like: JobShape | None = None) -> JobClaim | None:
            self.asked += 1
            if self.asked < 3:
                raise ConnectionError
            return super().claim(like)

    assert [what for what, *_ in Away([SHORT]).worked()] == ["finished"]


def test_a_clip_after_a_lost_lease_is_dropped() -> None:
    class Fenced(Line):
        def finish(self, claim: JobClaim, clip: RawClip, seconds: dict[str, float]) -> None:
            if claim.token == 1:
                raise LeaseLost
            super().finish(claim, clip, seconds)

    assert [run for _, run, *_ in Fenced([SHORT, SHORT]).worked()] == ["run-2"]


def test_a_hung_engine_gets_no_heartbeats_and_ends_the_process() -> None:
    line = Line([SHORT], timeouts=replace(QUICK, hang=0.1))
    with pytest.raises(EngineHung, match="run-1"):
        line.worked(Hung())
    assert (line.reports, line.beats[-1]) == ([], ("draw", 0.1))


@pytest.mark.parametrize(("error", "kind"), [(MemoryError(), "memory"), (ValueError("odd"), "engine")])
def test_a_broken_engine_is_reported_and_the_next_job_claimed(
    error: Exception, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    assert Line([SHORT, SHORT]).worked(Broken(error)) == [("failed", "run-1", kind), ("failed", "run-2", kind)]


def test_a_request_beyond_the_capabilities_fails_as_a_request() -> None:
    assert Line([ask("a ball", seconds=11)]).worked() == [("failed", "run-1", "request")]


def test_a_declined_request_has_its_own_failure_kind() -> None:
    class Declining(SceneEngine):
        def generate(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> RawClip:
            raise Declined("by its own rule")

    line = Line([SHORT])
    work(line, EngineRegistry(lambda _: Declining()), should_stop=lambda: line.found_empty, timeouts=QUICK)
    assert line.reports == [("failed", "run-1", "declined")]


def test_an_unsupported_prompt_has_its_own_report() -> None:
    assert Line([ask("Ana waves")]).worked() == [("unsupported", "run-1", ("ana", "waves"))]


def test_a_clip_is_post_processed_before_it_is_reported() -> None:
    developed: list[str] = []

    def develop(claim: JobClaim, clip: RawClip, progress: Progress, cancel: Cancel) -> None:
        progress("encode", 1.0)
        developed.append(claim.id)

    line = Line([SHORT])
    assert "encode" in line.worked(post_process=develop)[0]
    assert developed == ["run-1"]


def test_a_stopping_worker_drops_its_job_for_another() -> None:
    engine, line = Slow(), Line([SHORT])
    work(line, EngineRegistry(lambda _: engine), should_stop=lambda: len(line.beats) > 2, timeouts=QUICK)
    assert (line.reports, engine.stopped_for) == ([], "worker_stopping")


def test_each_job_uses_its_engine_which_loads_once() -> None:
    asked: list[str] = []

    class Counted(SceneEngine):
        def load(self) -> None:
            asked.append("loaded")

    def make(name: str) -> SceneEngine:
        asked.append(name)
        return Counted()

    line = Line([SHORT, replace(SHORT, engine="other"), SHORT])
    work(line, EngineRegistry(make), should_stop=lambda: line.found_empty, timeouts=QUICK)
    assert asked == ["scene", "loaded", "other", "loaded"]
    assert [report[0] for report in line.reports] == ["finished"] * 3


def test_an_unknown_engine_fails_as_a_request() -> None:
    line = Line([replace(SHORT, engine="sora")])
    work(line, EngineRegistry(), should_stop=lambda: line.found_empty, timeouts=QUICK)
    assert line.reports == [("failed", "run-1", "request")]


def test_an_engine_that_does_not_load_fails_only_its_job() -> None:
    class Unloadable(SceneEngine):
        def load(self) -> None:
            raise OSError("a file of weights is not what the manifest says")

    line = Line([SHORT, replace(SHORT, engine="other")])
    engines = EngineRegistry(lambda name: Unloadable() if name == "scene" else SceneEngine())
    work(line, engines, should_stop=lambda: line.found_empty, timeouts=QUICK)
    assert [report[0] for report in line.reports] == ["failed", "finished"]


def test_loading_has_a_longer_timeout_than_drawing() -> None:
    class Heavy(SceneEngine):
        def load(self) -> None:
            time.sleep(0.3)

    line = Line([SHORT], timeouts=replace(QUICK, hang=0.1, load=60))
    assert line.worked(Heavy())[0][0] == "finished"


class Pair(SceneEngine):
    """Batches two calls, and starts only when both are there."""

    def __init__(self) -> None:
        self.both = threading.Barrier(2, timeout=20)
        self.most = self.now = 0
        self.drawn: list[str] = []

    def at_once(self, request: GenerationRequest) -> int:
        return 2

    def generate(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> RawClip:
        self.now += 1
        self.most = max(self.most, self.now)
        self.drawn.append(request.prompt)
        if request.seconds == SHORT.seconds:
            self.both.wait()
        made = super().generate(request, progress, cancel)
        self.now -= 1
        return made


def made_by(engine: SceneEngine, line: Line, count: int) -> None:
    """Runs a worker with the engine loaded until `count` jobs have ended."""
    engines = EngineRegistry(lambda _: engine)
    engines.loaded("scene")
    work(line, engines, should_stop=lambda: len(line.reports) == count, timeouts=QUICK)


def test_jobs_of_one_shape_run_together_in_a_batching_engine() -> None:
    engine, line = Pair(), Line([SHORT, replace(SHORT, seconds=0.2), SHORT])
    made_by(engine, line, 3)
    assert sorted(report[:2] for report in line.reports) == [("finished", f"run-{n}") for n in (1, 2, 3)]
    assert engine.most == 2


def test_one_of_several_jobs_is_cancelled_alone() -> None:
    class Choosy(Line):
        def heartbeat(self, claim: JobClaim, phase: str, done_0_1: float) -> str | None:
            return "consent_revoked" if claim.id == "run-2" else None

    line = Choosy([SHORT, SHORT])
    made_by(Pair(), line, 2)
    assert sorted(report[:2] for report in line.reports) == [("cancelled", "run-2"), ("finished", "run-1")]


def test_several_jobs_start_only_with_memory_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    class Roomy(Pair):
        def generate(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> RawClip:
            self.now += 1
            self.most = max(self.most, self.now)
            made = SceneEngine.generate(self, request, progress, cancel)
            self.now -= 1
            return made

    engine, line = Roomy(), Line([SHORT, SHORT])
    monkeypatch.setattr("generator.memory.available", lambda: int(1.5 * engine.estimate(SHORT).bytes))
    made_by(engine, line, 2)
    assert (engine.most, len(line.reports)) == (1, 2)
