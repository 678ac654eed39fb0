"""A scenario over a fresh database, with the cast: the flow in milliseconds, without a model."""

from collections.abc import Iterator

import pytest

from placet.rights.consumers import IN_FORCE
from placet.text.embedder import set_embedder
from placet.text.embeddings import RecordedEmbedder
from tests.support.flow_driver import FlowDriver
from tests.support.scenario import Scenario


@pytest.fixture
def scenario(fresh_database: str) -> Iterator[Scenario]:
    set_embedder(RecordedEmbedder())
    IN_FORCE.clear()
    scenario = Scenario(FlowDriver())
    scenario.begin()
    yield scenario
    scenario.driver.connection.close()


@pytest.fixture
def held_prompt() -> str:
    """A prompt that the policy set holds by a phrase, without a model."""
    return "a red ball rolls away from a knife fight"
