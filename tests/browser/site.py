"""Placet as a browser meets it: the two web processes, and a thread that runs the flow in place of the others."""

import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

from generator.engines.scene.engine import SceneEngine
from generator.ports import GenerationRequest
from placet.eventlog.projections.runner import CheckpointMoved
from placet.eventlog.store.errors import LogError
from placet.kernel.ids import GenerationId, PersonId
from placet.likeness.commands import allow
from placet.media.encode import encode_mp4
from placet.rights.consumers import IN_FORCE
from placet.runtime.supervisor.ports import choose
from placet.runtime.supervisor.process_table import children
from placet.studio import commands as studio
from placet.studio.events import GenerationRendered
from placet.studio.generation import Generation, stream_of
from placet.studio.jobs import Jobs, RecheckPending
from placet.text.embedder import set_embedder
from placet.text.embeddings import RecordedEmbedder
from tests.support.cast import ANA, BEN
from tests.support.fake_worker import FakeWorker
from tests.support.flow_driver import FlowDriver
from tests.support.scenario import Scenario, new_id

ORIGINS = ("PLACET_ORIGIN", "PLACET_SSE_ORIGIN")
START_SECONDS = 180.0  # a bound, not an expectation


@cache
def drawn(prompt: str) -> tuple[bytes, str]:
    """A real clip of a prompt, small and short, and the words that the engine rendered."""
    request = GenerationRequest(
        generation="0", mode="text", prompt=prompt, parent_prompt=None, seed=7, width=360, height=640, fps=12,
        seconds=2.0, engine="scene", image=None,
    )  # fmt: skip
    clip = SceneEngine().generate(request, lambda _phase, _done: None, lambda: None)
    path = Path(settings.PLACET_DATA_DIR) / "drawn.mp4"
    encode_mp4(clip.frames, clip.fps, clip.pcm, clip.rate, path, crf=28)
    return path.read_bytes(), str(clip.recipe["scene"]["words"])


class RealBytes(FakeWorker):
    """A worker whose clips a browser can play."""

    def bytes_of(self, generation: str) -> bytes:
        return drawn(self._prompt(generation))[0]

    def tick(self) -> None:
        self.scenario.driver.run()
        jobs = Jobs(self.scenario.driver.connection)
        while claimed := jobs.claim():
            item, generation = claimed
            rendered = generation.required_request.generation
            fact = GenerationRendered(
                rendered, new_id().replace("-", "") * 2, 1, 2.0, "0" * 16, {"engine": {"name": "scene"}}, {}
            )
            jobs.finish(item, fact, drawn(self._prompt(rendered))[1])
            self._finish(rendered)
        self.scenario.driver.run()

    def _prompt(self, generation: str) -> str:
        return str(Generation.replay(self.scenario.log.read(stream_of(generation))).required_request.prompt)


@dataclass
class Site:
    """The addresses served; `worker` may be used from the test's thread while it has the lock `moving`."""

    origin: str
    live: str
    worker: FakeWorker
    pids: dict[str, int] = field(default_factory=dict)
    moving: threading.Lock = field(default_factory=threading.Lock)

    @property
    def scenario(self) -> Scenario:
        return self.worker.scenario

    def published(self, prompt: str, *cameos: PersonId, by: PersonId = BEN) -> GenerationId:
        """A clip in the feed. Ana grants its requester consent."""
        with self.moving:
            if ANA in cameos:
                allow(self.scenario.log, ANA, by, new_id())
            generation = self.scenario.request(by, prompt, *cameos)
            self.worker.tick()
            studio.publish(self.scenario.log, generation, by, new_id())
            self.worker.tick()
        return generation

    def settle(self) -> None:
        """Process everything that is open."""
        with self.moving:
            self.worker.tick()


@contextmanager
def running_site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Granian serves pages and live updates; a thread sequences, projects, consumes and acts as the worker."""
    set_embedder(RecordedEmbedder())
    IN_FORCE.clear()
    ports = choose(8600)
    origin, live = (f"http://localhost:{port}" for port in (ports.web, ports.live))
    for name, value in zip(ORIGINS, (origin, live), strict=True):
        monkeypatch.setenv(name, value)
        monkeypatch.setattr(settings, name, value)
    worker = RealBytes(Scenario(FlowDriver()))
    worker.scenario.begin()
    serving = [_started(child.words) for child in children(ports)[:2]]
    over = threading.Event()
    site = Site(origin, live, worker, {"web": serving[0].pid, "live": serving[1].pid})
    moving = threading.Thread(target=_move, args=(site, over))
    try:
        _until_responding(f"{origin}/healthz")
        moving.start()
        yield site
    finally:
        over.set()
        if moving.is_alive():
            moving.join(10)
        for process in serving:
            process.terminate()
            process.wait(10)
        worker.scenario.driver.connection.close()


def _started(words: tuple[str, ...]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(words, env=dict(os.environ), stdout=subprocess.DEVNULL)


def _move(site: Site, over: threading.Event) -> None:
    """A conflict with a command of a page is retried, as in the processes."""
    while not over.wait(0.05):
        with site.moving, suppress(LogError, RecheckPending, CheckpointMoved):
            site.worker.tick()
    connections.close_all()


def _until_responding(address: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(f"{address} did not respond; run {sys.executable} -m granian to see why")
