"""What `placet chaos` asks of the log finds a break where there is one: else its silence would say nothing."""

from pathlib import Path

import pytest

from placet.devtools.chaos.invariants import InvariantReport, prove
from placet.devtools.chaos.load import Acknowledged
from placet.likeness.consent import consent_of, uses_of
from placet.likeness.events import CameoUsed, ConsentRevoked
from placet.studio import events as e
from placet.studio.generation import stream_of
from tests.support.cast import ANA, BEN
from tests.support.scenario import Scenario, new_id

pytestmark = pytest.mark.usefixtures("fresh_database")


def proved(story: Scenario, mail: Path, said: Acknowledged | None = None) -> dict[str, InvariantReport]:
    story.driver.run()
    return prove(story.log, said or Acknowledged(), mail)


def broken(found: dict[str, InvariantReport]) -> set[str]:
    return {name for name, one in found.items() if one.broken}


def test_a_quiet_log_is_whole(story: Scenario, tmp_path: Path) -> None:
    story.ask(BEN)
    found = proved(story, tmp_path)
    assert broken(found) == {"P6"}, "only the run that no worker has taken is left"
    assert found["P6"].broken == ["outbox items are left: {'planned': 1}"]


def test_it_finds_what_was_published_without_a_verdict(story: Scenario, tmp_path: Path) -> None:
    generation = story.ask(BEN)
    story.given(stream_of(generation), e.GenerationPublished(generation, {}))
    assert "P1" in broken(proved(story, tmp_path))


def test_it_finds_a_use_that_nobody_was_told_of_and_one_told_twice(story: Scenario, tmp_path: Path) -> None:
    generation = story.ask(BEN)
    story.given(uses_of(ANA), *[CameoUsed(ANA, generation, BEN, "draft")] * 2)
    assert "P2" in broken(proved(story, tmp_path))


def test_it_finds_a_start_after_a_revocation_and_a_clip_served_too_long(story: Scenario, tmp_path: Path) -> None:
    story.given(consent_of(ANA), *[ConsentRevoked(ANA)])
    request = story.state(story.ask(BEN, "a red ball", ANA)).asked
    story.given(stream_of(request.generation), e.GenerationStarted(request.generation, "1", 1))
    assert "P3" in broken(proved(story, tmp_path))
    assert "P3" in broken(proved(story, tmp_path, Acknowledged(looked=1, served_after=["x"])))


def test_it_finds_what_was_acknowledged_and_is_lost(story: Scenario, tmp_path: Path) -> None:
    for said in (Acknowledged(asked=[new_id()]), Acknowledged(published=[new_id()]), Acknowledged(revoked=[new_id()])):
        assert any("lost" in words for words in proved(story, tmp_path, said)["P6"].broken)
