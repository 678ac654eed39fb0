"""Low memory: other engines are unloaded, a job is retried once, or is not started."""

from pathlib import Path
from threading import Event
from unittest.mock import patch

import pytest

from generator import memory
from generator.engines.scene.engine import SceneEngine
from generator.job import Job
from generator.ports import Cancel, GenerationRequest, JobClaim, Progress, RawClip
from generator.registry import EngineRegistry
from tests.generator.model_line import SHORT


class Hungry(SceneEngine):
    """Runs out of memory `times` times."""

    def __init__(self, times: int = 0) -> None:
        self.times, self.is_loaded = times, False

    def load(self) -> None:
        self.is_loaded = True

    def unload(self) -> None:
        self.is_loaded = False

    def generate(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> RawClip:
        if self.times:
            self.times -= 1
            raise MemoryError
        return super().generate(request, progress, cancel)


def job_of(hungry: Hungry, *, left: list[int], other: Hungry | None = None) -> Job:
    """A finished job. `left`: the results of each reading of the available memory; the last one repeats."""
    engines_by_name = {"scene": hungry, "other": other}
    engines = EngineRegistry(lambda name: engines_by_name[name])  # type: ignore[arg-type, return-value]
    if other:
        engines.loaded("other")
    run = Job(engines, JobClaim("1", 1, SHORT), lambda: 0.0, None, Event())
    with patch("generator.memory.available", lambda: left.pop(0) if len(left) > 1 else left[0]):
        run.start()
        assert run.any_finished.wait(60)
    return run


PLENTY = 10**10


def test_with_enough_memory_nothing_is_unloaded() -> None:
    other = Hungry()
    assert isinstance(job_of(Hungry(), left=[PLENTY], other=other).outcome, RawClip)
    assert other.is_loaded


def test_without_enough_memory_other_engines_are_unloaded_first() -> None:
    other = Hungry()
    assert isinstance(job_of(Hungry(), left=[0, PLENTY], other=other).outcome, RawClip)
    assert not other.is_loaded


def test_a_job_that_needs_too_much_memory_is_not_started() -> None:
    outcome = job_of(Hungry(), left=[1000]).outcome
    assert isinstance(outcome, memory.NotEnoughMemory)
    assert "0 MB are available" in str(outcome)


def test_a_job_out_of_memory_is_retried_once_alone() -> None:
    other = Hungry()
    outcome = job_of(Hungry(times=1), left=[PLENTY], other=other).outcome
    assert isinstance(outcome, RawClip)
    assert outcome.recipe["tried_again"] == "memory"
    assert not other.is_loaded


@pytest.mark.parametrize(("times", "other"), [(1, None), (2, Hungry())])
def test_a_job_out_of_memory_alone_fails(times: int, other: Hungry | None) -> None:
    assert isinstance(job_of(Hungry(times=times), left=[PLENTY], other=other).outcome, MemoryError)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"memory.max": "5000", "memory.current": "3000", "memory.stat": "anon 1\ninactive_file 500\n"}, 2500),
        ({"memory.max": "max", "memory.current": "3000", "memory.stat": "inactive_file 0"}, None),
        ({"memory.max": "5000", "memory.current": "9000", "memory.stat": "inactive_file 0"}, 0),
        ({"memory.max": "5000"}, None),
        ({}, None),
    ],
)
def test_a_control_group_limits_the_available_memory(tmp_path: Path, files: dict[str, str], found: int | None) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    left = memory.available(tmp_path)
    assert left > 10_000_000 if found is None else left == found


def test_a_job_needs_little_more_memory_than_its_pictures() -> None:
    pictures = 240 * 720 * 1280 * 3
    assert pictures < memory.needed(240, 720, 1280) < 1.5 * pictures
