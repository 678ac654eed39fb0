"""A fresh database with the cast, and commands that are followed without any other process."""

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

Answer = dict[str, Any]
Placet = Callable[..., Answer]


@pytest.fixture
def play(fresh_database: str) -> Iterator[FakeWorker]:
    set_embedder(RecordedEmbedder())
    IN_FORCE.clear()
    play = FakeWorker(Scenario(FlowDriver()))
    play.scenario.begin()
    yield play
    play.scenario.driver.connection.close()


@pytest.fixture
def placet(play: FakeWorker, capsys: pytest.CaptureFixture[str]) -> Placet:
    """Run a command with `--json`; answers its one object."""
    make_install_pki(Path(settings.PLACET_DATA_DIR) / "keys" / "pki")

    def run(*words: str) -> Answer:
        capsys.readouterr()
        call_command(*words, "--json", tick=play.tick)
        told: Answer = json.loads(capsys.readouterr().out)
        return told

    return run
