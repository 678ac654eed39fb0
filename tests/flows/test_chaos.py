"""The invariants of `placet chaos` find a broken promise when there is one."""

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


def proved(scenario: Scenario, mail: Path, acknowledged: Acknowledged | None = None) -> dict[str, InvariantReport]:
    scenario.driver.run()
    return prove(scenario.log, acknowledged or Acknowledged(), mail)


def broken(found: dict[str, InvariantReport]) -> set[str]:
    return {name for name, one in found.items() if one.broken}


def test_a_log_without_faults_breaks_no_promise(scenario: Scenario, tmp_path: Path) -> None:
    scenario.request(BEN)
    found = proved(scenario, tmp_path)
    assert broken(found) == {"P6"}, "only the job that no worker has claimed is left"
    assert found["P6"].broken == ["outbox items are left: {'planned': 1}"]


def test_it_finds_a_publication_without_a_verdict(scenario: Scenario, tmp_path: Path) -> None:
    generation = scenario.request(BEN)
    scenario.given(stream_of(generation), e.GenerationPublished(generation, {}))
    assert "P1" in broken(proved(scenario, tmp_path))


def test_it_finds_a_missing_use_and_a_repeated_use(scenario: Scenario, tmp_path: Path) -> None:
    generation = scenario.request(BEN)
    scenario.given(uses_of(ANA), *[CameoUsed(ANA, generation, BEN, "draft")] * 2)
    assert "P2" in broken(proved(scenario, tmp_path))


def test_it_finds_a_start_and_a_served_clip_after_a_revocation(scenario: Scenario, tmp_path: Path) -> None:
    scenario.given(consent_of(ANA), *[ConsentRevoked(ANA)])
    request = scenario.state(scenario.request(BEN, "a red ball", ANA)).required_request
    scenario.given(stream_of(request.generation), e.GenerationStarted(request.generation, "1", 1))
    assert "P3" in broken(proved(scenario, tmp_path))
    assert "P3" in broken(proved(scenario, tmp_path, Acknowledged(looked=1, served_after=["x"])))


def test_it_finds_an_acknowledged_command_that_is_lost(scenario: Scenario, tmp_path: Path) -> None:
    for acknowledged in (
        Acknowledged(asked=[new_id()]),
        Acknowledged(published=[new_id()]),
        Acknowledged(revoked=[new_id()]),
    ):
        assert any("lost" in words for words in proved(scenario, tmp_path, acknowledged)["P6"].broken)
