"""Erasure by page, API and command line, and what other people see afterwards."""

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
    """The same visitors, with a data directory of this test's own."""
    assert own_home.is_dir()
    return visit


@pytest.fixture
def worker(own_home: Path, worker: FakeWorker) -> FakeWorker:
    assert own_home.is_dir()
    return worker


def test_the_page_explains_and_needs_a_confirmation(visit: Visit, worker: FakeWorker) -> None:
    ben = visit(BEN)
    assert "cannot be undone" in ben.get("/forget-me/")
    ben.post("/forget-me/", status=422)
    assert worker.scenario.log.heads([erasure_of(BEN)]) == {erasure_of(BEN): 0}


@pytest.mark.promise("P9")
def test_an_erased_person_is_signed_out_and_cannot_sign_in(visit: Visit, worker: FakeWorker) -> None:
    ben, elsewhere, link, (token, _) = visit(BEN), visit(BEN), link_for(BEN), token_for(BEN, 1)
    assert ben.post("/forget-me/", is_sure="on") == "/forgotten/"
    worker.tick()
    elsewhere.get("/drafts/", status=302)
    visit(None).post(link.split("8000")[1], status=403)
    answer = ben.client.get("/api/v1/notices", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


@pytest.mark.promise("P9")
def test_pages_that_showed_an_erased_person_say_erased(visit: Visit, worker: FakeWorker) -> None:
    clip = published(worker, ANA)
    ana, cleo = visit(ANA), visit(CLEO)
    visit(BEN).post("/forget-me/", is_sure="on")
    worker.tick()
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
def test_the_api_erases_an_account(visit: Visit, worker: FakeWorker) -> None:
    client = visit(BEN).client
    assert client.post("/api/v1/account/erase", {"is_sure": False}, "application/json").status_code == 400
    assert client.post("/api/v1/account/erase", {"is_sure": True}, "application/json").status_code == 202
    worker.tick()
    assert client.get("/api/v1/generations").status_code in {401, 403}


def test_the_command_erases_only_the_person_themselves(worker: FakeWorker) -> None:
    with pytest.raises(CommandFailed) as refused:
        call_command("erase", "Ben", "--as", "Ana", tick=worker.tick)
    assert refused.value.code == "not_permitted"
    with pytest.raises(CommandFailed):
        call_command("erase", "Ben", "--as", "Eve", tick=worker.tick)
    call_command("erase", "Ben", "--as", "Ben", tick=worker.tick)
    with pytest.raises(CommandFailed) as unknown:
        call_command("erase", "Ben", "--as", "Ben", tick=worker.tick)
    assert unknown.value.code == "person_not_found"


def test_eve_gets_no_page(visit: Visit) -> None:
    visit(EVE).get("/forget-me/", status=403)
