"""A worker in this thread, over the real queue, until no job is left."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from django.conf import settings

from generator.engines.diffusion.engine import DiffusersEngine
from generator.ports import Engine, JobClaim, JobShape
from generator.registry import EngineRegistry
from generator.worker import work
from placet.likeness import face_templates
from placet.likeness.faces import Template
from placet.likeness.queries import enrolled
from placet.media.storage import blobs, private
from placet.processes.generation_queue import LogJobQueue
from provenance.pki.install_pki import make_install_pki
from tests.support.cast import ANA
from tests.support.scenario import Scenario

OnHeartbeat = Callable[[str], None]


class ObservedQueue(LogJobQueue):
    """The worker's queue; it notes when no job is left, and reports the phase of each heartbeat."""

    is_empty = False
    on_heartbeat: OnHeartbeat = staticmethod(lambda _: None)

    def claim(self, like: JobShape | None = None) -> JobClaim | None:
        found = super().claim(like)
        self.is_empty = found is None
        return found

    def heartbeat(self, claim: JobClaim, phase: str, done_0_1: float) -> str | None:
        self.on_heartbeat(phase)
        return super().heartbeat(claim, phase, done_0_1)


def equip() -> None:
    """Keys for signing, and Ana's template: the face check waits while one is missing."""
    make_install_pki(Path(settings.PLACET_DATA_DIR) / "keys" / "pki")
    (ana,) = enrolled()
    face_templates.keep(private(), ANA, Template(np.zeros(128), "none"), ana.template)


@cache
def small() -> DiffusersEngine:
    """The small model, loaded once: it takes seconds."""
    engine = DiffusersEngine()
    engine.load()
    return engine


def run_worker(scenario: Scenario, engine: Engine, on_heartbeat: OnHeartbeat | None = None) -> None:
    """Render every waiting job, then run the flow."""
    key = (Path(settings.PLACET_DATA_DIR) / "keys" / "watermark.key").read_bytes()
    queue = ObservedQueue(lambda: scenario.driver.connection, blobs(), private(), key)
    queue.on_heartbeat = on_heartbeat or queue.on_heartbeat
    engines = EngineRegistry(lent={engine.capabilities().engine: engine})
    work(queue, engines, should_stop=lambda: queue.is_empty, post_process=queue.post_process)
    scenario.driver.run()
