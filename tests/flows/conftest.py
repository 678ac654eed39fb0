"""A fresh database, a pump, and the cast with their parts: a story in milliseconds, without a model."""

from collections.abc import Iterator

import pytest

from placet.rights.consumers import IN_FORCE
from placet.text.embedder import set_embedder
from placet.text.embeddings import RecordedEmbedder
from tests.support.flow_driver import FlowDriver
from tests.support.scenario import Scenario


@pytest.fixture
def story(fresh_database: str) -> Iterator[Scenario]:
    set_embedder(RecordedEmbedder())
    IN_FORCE.clear()
    story = Scenario(FlowDriver())
    story.begin()
    yield story
    story.driver.connection.close()


@pytest.fixture
def held_prompt() -> str:
    """A prompt that the policy set holds, by a phrase (the stories run without a model)."""
    return "a red ball rolls away from a knife fight"
