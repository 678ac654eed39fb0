"""A fresh database with the cast, and commands that are followed without any other process."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from placet.rights.consumers import IN_FORCE
from placet.text.embedder import hold
from placet.text.embeddings import RecordedEmbedder
from provenance.pki.install_pki import make_install_pki
from tests.support.fake_worker import Play
from tests.support.flow_driver import Pump
from tests.support.scenario import Story

Told = dict[str, Any]
Placet = Callable[..., Told]


@pytest.fixture
def play(fresh_database: str) -> Iterator[Play]:
    hold(RecordedEmbedder())
    IN_FORCE.forget()
    play = Play(Story(Pump()))
    play.story.begin()
    yield play
    play.story.pump.connection.close()


@pytest.fixture
def placet(play: Play, capsys: pytest.CaptureFixture[str]) -> Placet:
    """Run a command with `--json`; answers its one object."""
    make_install_pki(Path(settings.PLACET_HOME) / "keys" / "pki")

    def run(*words: str) -> Told:
        capsys.readouterr()
        call_command(*words, "--json", tick=play.tick)
        told: Told = json.loads(capsys.readouterr().out)
        return told

    return run
