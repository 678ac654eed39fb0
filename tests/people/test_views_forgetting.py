"""Being forgotten from a browser, a program and the command line; and what everybody else sees afterwards."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command

from placet.cli.command import CommandFailed
from placet.people.commands import erasure_of
from placet.people.sign_in import link_for
from placet.people.tokens import token_for
from tests.support.cast import ANA, BEN, CLEO, DARA, EVE
from tests.support.fake_worker import FakeWorker
from tests.support.visitor import Visit, published


@pytest.fixture
def visit(own_home: Path, visit: Visit) -> Visit:
    """The same visitors, in a home of this test's own."""
    assert own_home.is_dir()
    return visit


@pytest.fixture
def stage(own_home: Path, stage: FakeWorker) -> FakeWorker:
    assert own_home.is_dir()
    return stage


def test_it_says_what_it_does_and_wants_a_yes(visit: Visit, stage: FakeWorker) -> None:
    ben = visit(BEN)
    assert "cannot be taken back" in ben.get("/forget-me/")
    ben.post("/forget-me/", status=422)
    assert stage.scenario.log.heads([erasure_of(BEN)]) == {erasure_of(BEN): 0}


@pytest.mark.promise("P9")
def test_who_asks_is_signed_out_everywhere_and_cannot_come_back(visit: Visit, stage: FakeWorker) -> None:
    ben, elsewhere, link, (token, _) = visit(BEN), visit(BEN), link_for(BEN), token_for(BEN, 1)
    assert ben.post("/forget-me/", is_sure="on") == "/forgotten/"
    stage.tick()
    elsewhere.get("/drafts/", status=302)
    visit(None).post(link.split("8000")[1], status=403)
    answer = ben.client.get("/api/v1/notices", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


@pytest.mark.promise("P9")
def test_every_page_that_showed_them_still_works_and_says_erased(visit: Visit, stage: FakeWorker) -> None:
    clip = published(stage, ANA)
    ana, cleo = visit(ANA), visit(CLEO)
    visit(BEN).post("/forget-me/", is_sure="on")
    stage.tick()
    assert "erased" in ana.get("/notices/")
    assert "Ben" not in ana.get("/notices/")
    assert "erased" in ana.get(f"/timeline/{clip}/")
    assert "erased" in cleo.get(f"/generations/{clip}/")
    cleo.get(f"/timeline/{clip}/")
    cleo.get("/review/")
    visit(DARA).get("/opt-outs/")
    visit(None).get("/")
    visit(None).get(f"/media/{clip}.mp4", status=410)
    cleo.get(f"/drafts/{clip}.mp4", status=503)


@pytest.mark.promise("P9")
def test_the_api_takes_the_same_wish(visit: Visit, stage: FakeWorker) -> None:
    client = visit(BEN).client
    assert client.post("/api/v1/account/erase", {"is_sure": False}, "application/json").status_code == 400
    assert client.post("/api/v1/account/erase", {"is_sure": True}, "application/json").status_code == 202
    stage.tick()
    assert client.get("/api/v1/generations").status_code in {401, 403}


Tick = Callable[[], None]


def test_the_command_forgets_whoever_asks_and_nobody_elses_wish_counts(stage: FakeWorker) -> None:
    with pytest.raises(CommandFailed) as refused:
        call_command("erase", "Ben", "--as", "Ana", tick=stage.tick)
    assert refused.value.code == "not_permitted"
    with pytest.raises(CommandFailed):
        call_command("erase", "Ben", "--as", "Eve", tick=stage.tick)
    call_command("erase", "Ben", "--as", "Ben", tick=stage.tick)
    with pytest.raises(CommandFailed) as unknown:
        call_command("erase", "Ben", "--as", "Ben", tick=stage.tick)
    assert unknown.value.code == "person_not_found"


def test_eve_gets_no_page(visit: Visit) -> None:
    visit(EVE).get("/forget-me/", status=403)
