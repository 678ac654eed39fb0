"""An engine whose licence excludes a territory is not usable there, and its clips are not shown there."""

import pytest
from django.test import Client
from pytest_django import Settings

from placet.cli.export_clips import shown_to_all
from tests.feed.test_views import clips_in
from tests.support.cast import BEN
from tests.support.fake_worker import FakeWorker
from tests.support.visitor import Visit, drafted, published

FORM = {"prompt": "a red ball bounces", "seconds": "4", "size": "portrait", "engine": "scene"}
NOT_IN_US = {"engine": {"name": "scene", "excluded_territories": ["US"]}}


@pytest.fixture(autouse=True)
def licensed(settings: Settings) -> None:
    settings.ENGINES = {"scene": ("US",), "small": ()}
    settings.PLACET_REGION_HEADER = "X-Region"


def in_region(client: Client, region: str) -> Client:
    client.defaults["HTTP_X_REGION"] = region
    return client


@pytest.mark.parametrize(("region", "status"), [("US", 422), ("us", 422), ("", 422), ("nowhere", 422), ("DE", 302)])
def test_no_request_is_possible_in_an_excluded_or_unknown_region(visit: Visit, region: str, status: int) -> None:
    ben = visit(BEN)
    in_region(ben.client, region)
    page = ben.post("/create/", status=status, **FORM)
    assert ("Choose another engine" in page) is (status == 422)


@pytest.mark.usefixtures("worker")
def test_an_engine_without_exclusions_is_usable_anywhere(visit: Visit) -> None:
    visit(BEN).post("/create/", status=302, **FORM | {"engine": "small"})


def test_its_clips_are_shown_only_outside_excluded_territories(visit: Visit, worker: FakeWorker) -> None:
    everywhere = published(worker)
    worker.scenario.recipe = NOT_IN_US
    limited = published(worker)
    anyone = visit(None)
    for region, visible in (("DE", [limited, everywhere]), ("US", [everywhere]), ("", [everywhere])):
        in_region(anyone.client, region)
        assert clips_in(anyone.get("/")) == visible
        status = 200 if limited in visible else 451
        assert ("engine_not_licensed_here" in anyone.get(f"/clips/{limited}/", status=status)) is (status == 451)
        assert anyone.client.get(f"/media/{limited}.mp4").status_code == status
        assert anyone.client.get(f"/media/{everywhere}.mp4").status_code == 200


def test_the_command_line_exports_it_only_outside_excluded_territories(worker: FakeWorker, settings: Settings) -> None:
    worker.scenario.recipe = NOT_IN_US
    clip = published(worker)
    for region, is_copied in (("DE", True), ("US", False), ("XX", False)):
        settings.PLACET_DEFAULT_REGION = region
        assert (shown_to_all(clip) is not None) is is_copied


def test_its_drafts_are_shown_only_outside_excluded_territories(visit: Visit, worker: FakeWorker) -> None:
    worker.scenario.recipe = NOT_IN_US
    draft = drafted(worker)
    ben = visit(BEN)
    for region, status in (("DE", 200), ("US", 451)):
        assert in_region(ben.client, region).get(f"/drafts/{draft}.mp4").status_code == status


def test_without_a_header_setting_the_install_region_counts(visit: Visit, settings: Settings) -> None:
    settings.PLACET_REGION_HEADER, settings.PLACET_DEFAULT_REGION = "", "DE"
    ben = visit(BEN)
    in_region(ben.client, "US")  # any client can send a header
    ben.post("/create/", status=302, **FORM)
