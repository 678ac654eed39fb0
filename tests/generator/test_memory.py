"""What is done where memory does not do: other engines go, a run is tried once more, or is not begun."""

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
    """Runs out of memory so many times."""

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


def run_of(hungry: Hungry, *, left: list[int], beside: Hungry | None = None) -> Job:
    """A run that is over. `left`: what each look at the memory finds; the last one from then on."""
    held = {"scene": hungry, "other": beside}
    engines = EngineRegistry(lambda name: held[name])  # type: ignore[arg-type, return-value]
    if beside:
        engines.loaded("other")
    run = Job(engines, JobClaim("1", 1, SHORT), lambda: 0.0, None, Event())
    with patch("generator.memory.left", lambda: left.pop(0) if len(left) > 1 else left[0]):
        run.start()
        assert run.ended.wait(60)
    return run


PLENTY = 10**10


def test_with_room_nobody_is_unloaded() -> None:
    beside = Hungry()
    assert isinstance(run_of(Hungry(), left=[PLENTY], beside=beside).outcome, RawClip)
    assert beside.is_loaded


def test_without_room_the_others_go_first() -> None:
    beside = Hungry()
    assert isinstance(run_of(Hungry(), left=[0, PLENTY], beside=beside).outcome, RawClip)
    assert not beside.is_loaded


def test_where_that_does_not_do_the_run_is_not_begun() -> None:
    outcome = run_of(Hungry(), left=[1000]).outcome
    assert isinstance(outcome, memory.NoRoom)
    assert "0 MB are left" in str(outcome)


def test_what_ran_out_of_memory_beside_others_is_tried_once_more_alone_and_says_so() -> None:
    beside = Hungry()
    outcome = run_of(Hungry(times=1), left=[PLENTY], beside=beside).outcome
    assert isinstance(outcome, RawClip)
    assert outcome.recipe["tried_again"] == "memory"
    assert not beside.is_loaded


@pytest.mark.parametrize(("times", "beside"), [(1, None), (2, Hungry())])
def test_what_runs_out_of_it_alone_fails(times: int, beside: Hungry | None) -> None:
    assert isinstance(run_of(Hungry(times=times), left=[PLENTY], beside=beside).outcome, MemoryError)


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
def test_a_container_has_less_than_its_machine(tmp_path: Path, files: dict[str, str], found: int | None) -> None:
    for name, said in files.items():
        (tmp_path / name).write_text(said)
    left = memory.left(tmp_path)
    assert left > 10_000_000 if found is None else left == found


def test_a_run_needs_its_pictures_once_and_a_little_more() -> None:
    pictures = 240 * 720 * 1280 * 3
    assert pictures < memory.needed(240, 720, 1280) < 1.5 * pictures
