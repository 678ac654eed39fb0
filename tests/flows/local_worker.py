"""A worker in this thread, over the real queue, until nothing is left to make."""

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

Beaten = Callable[[str], None]


class Line(LogJobQueue):
    """The worker's own queue, which notes when there is nothing more to do, and tells of each beat's phase."""

    is_empty = False
    beaten: Beaten = staticmethod(lambda _: None)

    def claim(self, like: JobShape | None = None) -> JobClaim | None:
        found = super().claim(like)
        self.is_empty = found is None
        return found

    def beat(self, claim: JobClaim, phase: str, done_0_1: float) -> str | None:
        self.beaten(phase)
        return super().heartbeat(claim, phase, done_0_1)


def equip() -> None:
    """In the begun story: keys to sign with, and a template of Ana: a check that cannot open one waits."""
    make_install_pki(Path(settings.PLACET_DATA_DIR) / "keys" / "pki")
    (ana,) = enrolled()
    face_templates.keep(private(), ANA, Template(np.zeros(128), "none"), ana.template)


@cache
def small() -> DiffusersEngine:
    """The small model, loaded once: it takes seconds."""
    made = DiffusersEngine()
    made.load()
    return made


def work_off(story: Scenario, engine: Engine, beaten: Beaten | None = None) -> None:
    """Make what waits, and follow what comes of it."""
    key = (Path(settings.PLACET_DATA_DIR) / "keys" / "watermark.key").read_bytes()
    line = Line(lambda: story.driver.connection, blobs(), private(), key)
    line.beaten = beaten or line.beaten
    engines = EngineRegistry(lent={engine.capabilities().engine: engine})
    work(line, engines, should_stop=lambda: line.is_empty, post_process=line.post_process)
    story.driver.run()
