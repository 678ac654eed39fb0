"""Filing an opt-out, what it stopped, and ending it."""

from tests.support.cast import BEN, CLEO, DARA
from tests.support.fake_worker import FakeWorker
from tests.support.visitor import Visit, published


def test_a_filing_is_in_force_when_its_page_says_so(visit: Visit, stage: FakeWorker) -> None:
    dara = visit(DARA)
    to = dara.post("/opt-outs/", character="Zorblax", aliases="The Zorb\nZorbi", description="a green one-eyed blob")
    assert "In force" in dara.get(to)
    stage.scenario.ask(BEN, "Zorblax bounces")
    assert "1 prompt or clip" in dara.get(to)
    assert "Zorblax" in dara.get("/opt-outs/")


def test_a_name_that_is_drawn_every_day_waits_for_a_human_and_says_why(visit: Visit, stage: FakeWorker) -> None:
    dara = visit(DARA)
    to = dara.post("/opt-outs/", character="Ball")
    page = dara.get(to)
    assert "It waits for a human." in page
    assert "plain things that this engine draws" in page
    stage.scenario.driver.run()
    stage.scenario.decide_only_case("reject")
    assert "not accepted" in dara.get(to)


def test_published_clips_that_it_would_match_are_listed(visit: Visit, stage: FakeWorker) -> None:
    generation = published(stage, prompt="a red ball and a Zorblax bounce")
    to = visit(DARA).post("/opt-outs/", character="Zorblax")
    stage.scenario.driver.run()
    assert f"/clips/{generation}/" in visit(DARA).get(to)


def test_ending_it_lets_prompts_pass_again(visit: Visit, stage: FakeWorker) -> None:
    dara = visit(DARA)
    to = dara.post("/opt-outs/", character="Zorblax")
    visit(BEN).post(f"{to}end/", status=403)
    dara.post(f"{to}end/")
    assert "ended" in dara.get(to)
    assert stage.scenario.state(stage.scenario.ask(BEN, "a red Zorblax ball bounces")).state == "approved"


def test_others_do_not_see_a_filing(visit: Visit) -> None:
    to = visit(DARA).post("/opt-outs/", character="Zorblax")
    visit(BEN).get(to, status=403)
    visit(CLEO).get(to)


def test_an_empty_filing_keeps_what_was_typed(visit: Visit) -> None:
    page = visit(DARA).post("/opt-outs/", status=422, character="", aliases="Zorbi", until="2020-01-01")
    assert "Zorbi" in page
    assert "This day is past." in page


def test_its_holder_finds_the_receipt_on_its_page(visit: Visit, stage: FakeWorker) -> None:
    to = visit(DARA).post("/opt-outs/", character="Zorblax")
    stage.scenario.driver.run()
    filed = stage.scenario.log.read(f"filing-{to.split('/')[-2]}").events[0]
    assert f"/api/v1/receipts/{filed.event_id}" in visit(DARA).get(to)
    assert "/api/v1/receipts/" not in visit(CLEO).get(to)
    visit(DARA).get(f"/api/v1/receipts/{filed.event_id}")
