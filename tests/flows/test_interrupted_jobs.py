"""A run ended in each of its phases: by who asked for it, and by the death of its worker."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings

from generator.engines.scene.engine import SceneEngine
from generator.job import LOADING, Job
from generator.ports import Engine
from placet.kernel.ids import GenerationId
from placet.media.blobs import Area
from placet.media.storage import blobs
from placet.runtime.install.provision import make_folders
from placet.studio import commands as studio
from placet.studio import events as e
from placet.studio.commands import quota_of
from tests.flows.local_worker import equip, small, work_off
from tests.support.cast import BEN
from tests.support.scenario import Scenario, new_id

DEVELOPED: Final = ("mark", "encode", "read mark")
"""The phases of every run after its engine's."""
DRAWN_BY: Final[dict[str, tuple[Callable[[], Engine], tuple[str, ...]]]] = {
    "small": (small, (LOADING, "draw", "fit")),
    "scene": (SceneEngine, ("draw", "sound")),
}
WORKER: Final = Path(__file__).with_name("dying_worker.py")


@pytest.fixture
def story(own_home: Path, story: Scenario) -> Scenario:
    """In a home of its own: what is left behind shows."""
    make_folders(own_home)
    equip()
    return story


def waiting_in(monkeypatch: pytest.MonkeyPatch, phase: str) -> None:
    """Every run rests at the begin of a phase until there is a reason to stop it."""
    go_on = Job.progress

    def progress(run: Job, name: str, done_0_1: float) -> None:
        go_on(run, name, done_0_1)
        until = time.monotonic() + 20
        while name == phase and not run.reason and time.monotonic() < until:
            time.sleep(0.01)

    monkeypatch.setattr(Job, "progress", progress)


def left_behind() -> list[str]:
    """What lies where clips are kept."""
    return sorted(str(path.relative_to(blobs().root)) for path in blobs().root.rglob("*") if path.is_file())


@pytest.mark.models
@pytest.mark.promise("P1")
@pytest.mark.parametrize(
    ("name", "phase"), [(name, phase) for name, (_, own) in DRAWN_BY.items() for phase in (*own, *DEVELOPED)]
)
def test_a_run_is_cancelled_in_any_phase(
    story: Scenario, monkeypatch: pytest.MonkeyPatch, name: str, phase: str
) -> None:
    waiting_in(monkeypatch, phase)
    engine = DRAWN_BY[name][0]()
    clip = story.ask(BEN, "a red ball bounces on wood", seconds=1.0, engine=name)

    def cancel(beaten: str) -> None:
        if beaten == phase and story.state(clip).state != "cancelled":
            studio.cancel(story.log, clip, BEN, new_id())

    work_off(story, engine, cancel)
    assert story.state(clip).state == "cancelled"
    assert ended(story, clip) == [e.QuotaReserved, e.QuotaReleased]
    assert left_behind() == []


@pytest.mark.processes
@pytest.mark.promise("P1")
@pytest.mark.promise("P6")
@pytest.mark.parametrize(
    ("name", "phase"),
    [
        *(("scene", phase) for phase in (*DRAWN_BY["scene"][1], *DEVELOPED)),
        *(pytest.param("small", phase, marks=pytest.mark.models) for phase in DRAWN_BY["small"][1]),
    ],
)
def test_a_worker_is_killed_in_any_phase_and_another_makes_the_clip(story: Scenario, name: str, phase: str) -> None:
    clip = story.ask(BEN, "a red ball bounces on wood", seconds=1.0, engine=name)
    here = {**os.environ, "PLACET_DATA_DIR": str(settings.PLACET_DATA_DIR)}
    died = subprocess.run([sys.executable, str(WORKER), name, phase], env=here, check=False, timeout=120)
    assert died.returncode == -signal.SIGKILL
    assert story.state(clip).state == "started"
    story.driver.connection.execute(
        "UPDATE eventlog_outbox SET lease_until = now() - interval '1 second' WHERE kind = 'job'"
    )
    work_off(story, DRAWN_BY[name][0]())
    assert story.state(clip).state == "draft"
    assert ended(story, clip) == [e.QuotaReserved]
    made = story.state(clip).rendered
    assert made is not None
    assert [Path(one).name for one in left_behind() if Area.QUARANTINE in one] == [made.sha256]


def ended(story: Scenario, clip: GenerationId) -> list[type]:
    """What became of the asker's quota; and that nothing of the run is left to be done."""
    assert story.make(clip) is False
    return [type(fact) for fact in story.log.read(quota_of(BEN)).facts]
