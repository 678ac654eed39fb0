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
    """A line with one run whose beats fail."""

    def answer(beat: int) -> str | None:
        if beat in on:
            raise error
        return None

    return Line([SHORT], answer)


def test_runs_are_made_one_after_the_other_and_reported_with_the_seconds_of_each_phase() -> None:
    phases = ("done", "draw", "load", "read", "sound", "start")
    assert Line([SHORT, SHORT]).worked() == [("finished", "run-1", 7, *phases), ("finished", "run-2", 7, *phases)]


def test_beats_tell_how_far_the_run_is() -> None:
    line = Line([SHORT], lambda beat: "enough" if beat == 6 else None)
    line.worked(Slow())
    assert [done for _, done in line.beats] == sorted(done for _, done in line.beats)
    assert {phase for phase, _ in line.beats} <= {"start", "load", "draw"}


@pytest.mark.promise("P3")
def test_a_reason_in_a_beat_cancels_the_run() -> None:
    engine = Slow()
    assert Line([SHORT], lambda _: "consent_revoked").worked(engine) == [("cancelled", "run-1", "consent_revoked")]
    assert engine.stopped_for == "consent_revoked"


@pytest.mark.promise("P3")
def test_a_reason_that_comes_when_the_clip_is_just_made_still_cancels_it() -> None:
    class Late(Line):
        def beat(self, claim: JobClaim, phase: str, done_0_1: float) -> str | None:
            return "consent_revoked" if phase == "done" else None

    assert Late([SHORT]).worked() == [("cancelled", "run-1", "consent_revoked")]


@pytest.mark.promise("P6")
def test_a_lost_lease_stops_the_engine_and_nothing_is_told() -> None:
    engine, line = Slow(), raising(LeaseLost())
    assert line.worked(engine) == []
    assert (engine.stopped_for, len(line.beats)) == ("lease_lost", 1)


@pytest.mark.promise("P3", "P8")
def test_a_queue_that_does_not_answer_stops_the_run_and_nothing_is_told() -> None:
    engine, line = Slow(), raising(ConnectionError("gone"))
    line.patience = replace(QUICK, unanswered=0.1)
    assert line.worked(engine) == []
    assert engine.stopped_for == "no_answer"
    assert len(line.beats) > 1


def test_a_queue_that_answers_again_in_time_changes_nothing() -> None:
    assert [what for what, *_ in raising(TimeoutError(), on=range(1, 3)).worked()] == ["finished"]


def test_a_queue_that_cannot_be_reached_for_a_claim_is_asked_again() -> None:
    class Away(Line):
        asked = 0

        def claim(self, like: JobShape | None = None) -> JobClaim | None:
            self.asked += 1
            if self.asked < 3:
                raise ConnectionError
            return super().claim(like)

    assert [what for what, *_ in Away([SHORT]).worked()] == ["finished"]


def test_a_clip_that_comes_after_the_lease_is_lost_is_dropped_and_the_worker_goes_on() -> None:
    class Fenced(Line):
        def finish(self, claim: JobClaim, clip: RawClip, seconds: dict[str, float]) -> None:
            if claim.token == 1:
                raise LeaseLost
            super().finish(claim, clip, seconds)

    assert [run for _, run, *_ in Fenced([SHORT, SHORT]).worked()] == ["run-2"]


def test_a_hung_engine_gets_no_more_beats_and_ends_the_process() -> None:
    line = Line([SHORT], patience=replace(QUICK, hang=0.1))
    with pytest.raises(EngineHung, match="run-1"):
        line.worked(Hung())
    assert (line.told, line.beats[-1]) == ([], ("draw", 0.1))


@pytest.mark.parametrize(("error", "kind"), [(MemoryError(), "memory"), (ValueError("odd"), "engine")])
def test_a_broken_engine_is_reported_and_the_next_run_is_claimed(
    error: Exception, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    assert Line([SHORT, SHORT]).worked(Broken(error)) == [("failed", "run-1", kind), ("failed", "run-2", kind)]


def test_what_lies_beyond_the_engine_is_the_requests_failure() -> None:
    assert Line([ask("a ball", seconds=11)]).worked() == [("failed", "run-1", "request")]


def test_what_an_engine_declines_is_neither_its_fault_nor_asked_wrongly() -> None:
    class Declining(SceneEngine):
        def generate(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> RawClip:
            raise Declined("by a rule of its own")

    line = Line([SHORT])
    work(line, EngineRegistry(lambda _: Declining()), should_stop=lambda: line.found_empty, patience=QUICK)
    assert line.told == [("failed", "run-1", "declined")]


def test_outside_the_vocabulary_is_a_word_of_its_own() -> None:
    assert Line([ask("Ana waves")]).worked() == [("outside", "run-1", ("ana", "waves"))]


def test_a_clip_is_developed_before_it_is_told_and_may_be_stopped_there() -> None:
    developed: list[str] = []

    def develop(claim: JobClaim, clip: RawClip, progress: Progress, cancel: Cancel) -> None:
        progress("encode", 1.0)
        developed.append(claim.id)

    line = Line([SHORT])
    assert "encode" in line.worked(post_process=develop)[0]
    assert developed == ["run-1"]


def test_a_worker_told_to_stop_drops_its_run_for_another() -> None:
    engine, line = Slow(), Line([SHORT])
    work(line, EngineRegistry(lambda _: engine), should_stop=lambda: len(line.beats) > 2, patience=QUICK)
    assert (line.told, engine.stopped_for) == ([], "worker_stopping")


def test_each_run_is_made_by_the_engine_that_was_asked_for_loaded_once() -> None:
    asked: list[str] = []

    class Counted(SceneEngine):
        def load(self) -> None:
            asked.append("loaded")

    def make(name: str) -> SceneEngine:
        asked.append(name)
        return Counted()

    line = Line([SHORT, replace(SHORT, engine="other"), SHORT])
    work(line, EngineRegistry(make), should_stop=lambda: line.found_empty, patience=QUICK)
    assert asked == ["scene", "loaded", "other", "loaded"]
    assert [told[0] for told in line.told] == ["finished"] * 3


def test_an_engine_that_nobody_knows_fails_the_run_as_asked_wrongly() -> None:
    line = Line([replace(SHORT, engine="sora")])
    work(line, EngineRegistry(), should_stop=lambda: line.found_empty, patience=QUICK)
    assert line.told == [("failed", "run-1", "request")]


def test_an_engine_that_does_not_load_fails_its_run_and_the_worker_goes_on() -> None:
    class Unloadable(SceneEngine):
        def load(self) -> None:
            raise OSError("a file of weights is not what the manifest says")

    line = Line([SHORT, replace(SHORT, engine="other")])
    engines = EngineRegistry(lambda name: Unloadable() if name == "scene" else SceneEngine())
    work(line, engines, should_stop=lambda: line.found_empty, patience=QUICK)
    assert [told[0] for told in line.told] == ["failed", "finished"]


def test_loading_is_given_more_time_than_drawing() -> None:
    class Heavy(SceneEngine):
        def load(self) -> None:
            time.sleep(0.3)

    line = Line([SHORT], patience=replace(QUICK, hang=0.1, load=60))
    assert line.worked(Heavy())[0][0] == "finished"


class Pair(SceneEngine):
    """Is best called in two threads, and begins only when both are there."""

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
    """By a worker that holds the engine already, until so many runs have ended."""
    engines = EngineRegistry(lambda _: engine)
    engines.loaded("scene")
    work(line, engines, should_stop=lambda: len(line.told) == count, patience=QUICK)


def test_runs_of_one_shape_are_made_at_once_where_the_engine_draws_them_together() -> None:
    engine, line = Pair(), Line([SHORT, replace(SHORT, seconds=0.2), SHORT])
    made_by(engine, line, 3)
    assert sorted(told[:2] for told in line.told) == [("finished", f"run-{n}") for n in (1, 2, 3)]
    assert engine.most == 2


def test_one_of_several_is_cancelled_and_the_others_are_made() -> None:
    class Choosy(Line):
        def beat(self, claim: JobClaim, phase: str, done_0_1: float) -> str | None:
            return "consent_revoked" if claim.id == "run-2" else None

    line = Choosy([SHORT, SHORT])
    made_by(Pair(), line, 2)
    assert sorted(told[:2] for told in line.told) == [("cancelled", "run-2"), ("finished", "run-1")]


def test_several_are_begun_only_where_there_is_memory_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    class Roomy(Pair):
        def generate(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> RawClip:
            self.now += 1
            self.most = max(self.most, self.now)
            made = SceneEngine.generate(self, request, progress, cancel)
            self.now -= 1
            return made

    engine, line = Roomy(), Line([SHORT, SHORT])
    monkeypatch.setattr("generator.memory.left", lambda: int(1.5 * engine.estimate(SHORT).bytes))
    made_by(engine, line, 2)
    assert (engine.most, len(line.told)) == (1, 2)
