"""Fixtures: the cast in a fresh database, and commands that run the flow in this process."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from placet.rights.consumers import IN_FORCE
from placet.text.embedder import set_embedder
from placet.text.embeddings import RecordedEmbedder
from provenance.pki.install_pki import make_install_pki
from tests.support.fake_worker import FakeWorker
from tests.support.flow_driver import FlowDriver
from tests.support.scenario import Scenario

Output = dict[str, Any]
Placet = Callable[..., Output]


@pytest.fixture
def worker(fresh_database: str) -> Iterator[FakeWorker]:
    """The cast has joined; a fake worker renders, checks the output and signs."""
    set_embedder(RecordedEmbedder())
    IN_FORCE.clear()
    worker = FakeWorker(Scenario(FlowDriver()))
    worker.scenario.begin()
    yield worker
    worker.scenario.driver.connection.close()


@pytest.fixture
def placet(worker: FakeWorker, capsys: pytest.CaptureFixture[str]) -> Placet:
    """Run a command with `--json`; returns its one object."""
    make_install_pki(Path(settings.PLACET_DATA_DIR) / "keys" / "pki")

    def run(*words: str) -> Output:
        capsys.readouterr()
        call_command(*words, "--json", tick=worker.tick)
        output: Output = json.loads(capsys.readouterr().out)
        return output

    return run
