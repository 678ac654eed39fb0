"""An engine whose licence leaves a territory out makes nothing there, and nothing of it is shown there."""

import pytest
from django.test import Client
from pytest_django import Settings

from placet.cli.export_clips import shown_to_all
from tests.feed.test_views import clips_in
from tests.support.cast import BEN
from tests.support.fake_worker import FakeWorker
from tests.support.visitor import Visit, drafted, published

ASK = {"prompt": "a red ball bounces", "seconds": "4", "size": "portrait", "engine": "scene"}
NOT_IN_US = {"engine": {"name": "scene", "excluded_territories": ["US"]}}


@pytest.fixture(autouse=True)
def licensed(settings: Settings) -> None:
    settings.ENGINES = {"scene": ("US",), "small": ()}
    settings.PLACET_REGION_HEADER = "X-Region"


def of(client: Client, region: str) -> Client:
    client.defaults["HTTP_X_REGION"] = region
    return client


@pytest.mark.parametrize(("region", "status"), [("US", 422), ("us", 422), ("", 422), ("nowhere", 422), ("DE", 302)])
def test_where_the_licence_does_not_hold_or_nobody_knows_nothing_is_asked_for(
    visit: Visit, region: str, status: int
) -> None:
    ben = visit(BEN)
    of(ben.client, region)
    page = ben.post("/create/", status=status, **ASK)
    assert ("Choose another engine" in page) is (status == 422)


@pytest.mark.usefixtures("stage")
def test_an_engine_without_such_a_licence_is_asked_anywhere(visit: Visit) -> None:
    visit(BEN).post("/create/", status=302, **ASK | {"engine": "small"})


def test_its_clips_are_shown_where_it_holds_and_nowhere_else(visit: Visit, stage: FakeWorker) -> None:
    everywhere = published(stage)
    stage.scenario.recipe = NOT_IN_US
    here = published(stage)
    anyone = visit(None)
    for region, seen in (("DE", [here, everywhere]), ("US", [everywhere]), ("", [everywhere])):
        of(anyone.client, region)
        assert clips_in(anyone.get("/")) == seen
        status = 200 if here in seen else 451
        assert ("engine_not_licensed_here" in anyone.get(f"/clips/{here}/", status=status)) is (status == 451)
        assert anyone.client.get(f"/media/{here}.mp4").status_code == status
        assert anyone.client.get(f"/media/{everywhere}.mp4").status_code == 200


def test_nor_is_it_copied_out_at_the_command_line(stage: FakeWorker, settings: Settings) -> None:
    stage.scenario.recipe = NOT_IN_US
    clip = published(stage)
    for region, is_copied in (("DE", True), ("US", False), ("XX", False)):
        settings.PLACET_DEFAULT_REGION = region
        assert (shown_to_all(clip) is not None) is is_copied


def test_nor_is_a_draft_of_it(visit: Visit, stage: FakeWorker) -> None:
    stage.scenario.recipe = NOT_IN_US
    draft = drafted(stage)
    ben = visit(BEN)
    for region, status in (("DE", 200), ("US", 451)):
        assert of(ben.client, region).get(f"/drafts/{draft}.mp4").status_code == status


def test_the_region_of_the_install_counts_where_no_header_is_set(visit: Visit, settings: Settings) -> None:
    settings.PLACET_REGION_HEADER, settings.PLACET_DEFAULT_REGION = "", "DE"
    ben = visit(BEN)
    of(ben.client, "US")  # anybody may send a header
    ben.post("/create/", status=302, **ASK)
