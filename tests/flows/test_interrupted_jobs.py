"""A job ends in each of its phases: by its requester, and by the death of its worker."""

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
from tests.flows.local_worker import equip, run_worker, small
from tests.support.cast import BEN
from tests.support.scenario import Scenario, new_id

DEVELOPED: Final = ("mark", "encode", "read mark")
"""The phases of every job after those of its engine."""
DRAWN_BY: Final[dict[str, tuple[Callable[[], Engine], tuple[str, ...]]]] = {
    "small": (small, (LOADING, "draw", "fit")),
    "scene": (SceneEngine, ("draw", "sound")),
}
WORKER: Final = Path(__file__).with_name("dying_worker.py")


@pytest.fixture
def scenario(own_home: Path, scenario: Scenario) -> Scenario:
    """A data directory of its own, in which leftovers are found."""
    make_folders(own_home)
    equip()
    return scenario


def waiting_in(monkeypatch: pytest.MonkeyPatch, phase: str) -> None:
    """Every job waits at the start of a phase until there is a reason to stop it, at most two minutes."""
    original = Job.progress

    def progress(job: Job, name: str, done_0_1: float) -> None:
        original(job, name, done_0_1)
        until = time.monotonic() + 120
        while name == phase and not job.reason:
            assert time.monotonic() < until, f"nothing stopped the job in phase {phase}"
            time.sleep(0.01)

    monkeypatch.setattr(Job, "progress", progress)


def stored_files() -> list[str]:
    """All files of the blob store."""
    return sorted(str(path.relative_to(blobs().root)) for path in blobs().root.rglob("*") if path.is_file())


@pytest.mark.models
@pytest.mark.promise("P1")
@pytest.mark.parametrize(
    ("name", "phase"), [(name, phase) for name, (_, own) in DRAWN_BY.items() for phase in (*own, *DEVELOPED)]
)
def test_a_job_is_cancelled_in_any_phase(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch, name: str, phase: str
) -> None:
    waiting_in(monkeypatch, phase)
    engine = DRAWN_BY[name][0]()
    clip = scenario.request(BEN, "a red ball bounces on wood", seconds=1.0, engine=name)

    def cancel(current_phase: str) -> None:
        if current_phase == phase and scenario.state(clip).state != "cancelled":
            studio.cancel(scenario.log, clip, BEN, new_id())

    run_worker(scenario, engine, cancel)
    assert scenario.state(clip).state == "cancelled"
    assert quota_events(scenario, clip) == [e.QuotaReserved, e.QuotaReleased]
    assert stored_files() == []


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
def test_another_worker_finishes_the_job_of_a_killed_one(scenario: Scenario, name: str, phase: str) -> None:
    clip = scenario.request(BEN, "a red ball bounces on wood", seconds=1.0, engine=name)
    environment = {**os.environ, "PLACET_DATA_DIR": str(settings.PLACET_DATA_DIR)}
    died = subprocess.run([sys.executable, str(WORKER), name, phase], env=environment, check=False, timeout=120)
    assert died.returncode == -signal.SIGKILL
    assert scenario.state(clip).state == "started"
    scenario.driver.connection.execute(
        "UPDATE eventlog_outbox SET lease_until = now() - interval '1 second' WHERE kind = 'job'"
    )
    run_worker(scenario, DRAWN_BY[name][0]())
    assert scenario.state(clip).state == "draft"
    assert quota_events(scenario, clip) == [e.QuotaReserved]
    rendered = scenario.state(clip).rendered
    assert rendered is not None
    assert [Path(one).name for one in stored_files() if Area.QUARANTINE in one] == [rendered.sha256]


def quota_events(scenario: Scenario, clip: GenerationId) -> list[type]:
    """The types of the requester's quota events. Asserts that no job is left."""
    assert scenario.render(clip) is False
    return [type(fact) for fact in scenario.log.read(quota_of(BEN)).facts]
