"""Pages of opt-outs: filing, what it blocked, and ending it."""

from tests.support.cast import BEN, CLEO, DARA
from tests.support.fake_worker import FakeWorker
from tests.support.visitor import Visit, published


def test_a_filing_is_in_force_at_once(visit: Visit, worker: FakeWorker) -> None:
    dara = visit(DARA)
    to = dara.post("/opt-outs/", character="Zorblax", aliases="The Zorb\nZorbi", description="a green one-eyed blob")
    assert "In force" in dara.get(to)
    worker.scenario.request(BEN, "Zorblax bounces")
    assert "1 prompt or clip" in dara.get(to)
    assert "Zorblax" in dara.get("/opt-outs/")


def test_a_common_name_waits_for_a_reviewer_with_its_reason(visit: Visit, worker: FakeWorker) -> None:
    dara = visit(DARA)
    to = dara.post("/opt-outs/", character="Ball")
    page = dara.get(to)
    assert "It waits for a human." in page
    assert "plain things that this engine draws" in page
    worker.scenario.driver.run()
    worker.scenario.decide_only_case("reject")
    assert "not accepted" in dara.get(to)


def test_published_clips_that_a_filing_matches_are_listed(visit: Visit, worker: FakeWorker) -> None:
    generation = published(worker, prompt="a red ball and a Zorblax bounce")
    to = visit(DARA).post("/opt-outs/", character="Zorblax")
    worker.scenario.driver.run()
    assert f"/clips/{generation}/" in visit(DARA).get(to)


def test_an_ended_filing_blocks_no_prompt(visit: Visit, worker: FakeWorker) -> None:
    dara = visit(DARA)
    to = dara.post("/opt-outs/", character="Zorblax")
    visit(BEN).post(f"{to}end/", status=403)
    dara.post(f"{to}end/")
    assert "ended" in dara.get(to)
    assert worker.scenario.state(worker.scenario.request(BEN, "a red Zorblax ball bounces")).state == "approved"


def test_others_do_not_see_a_filing(visit: Visit) -> None:
    to = visit(DARA).post("/opt-outs/", character="Zorblax")
    visit(BEN).get(to, status=403)
    visit(CLEO).get(to)


def test_an_invalid_filing_keeps_the_input(visit: Visit) -> None:
    page = visit(DARA).post("/opt-outs/", status=422, character="", aliases="Zorbi", until="2020-01-01")
    assert "Zorbi" in page
    assert "This day has passed." in page


def test_only_the_holder_finds_the_receipt_on_the_page(visit: Visit, worker: FakeWorker) -> None:
    to = visit(DARA).post("/opt-outs/", character="Zorblax")
    worker.scenario.driver.run()
    filed = worker.scenario.log.read(f"filing-{to.split('/')[-2]}").events[0]
    assert f"/api/v1/receipts/{filed.event_id}" in visit(DARA).get(to)
    assert "/api/v1/receipts/" not in visit(CLEO).get(to)
    visit(DARA).get(f"/api/v1/receipts/{filed.event_id}")
