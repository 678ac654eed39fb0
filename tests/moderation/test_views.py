"""The review queue, appeals and reports."""

import re
from typing import get_args

from moderation.case_page import case_page
from moderation.queries import open_cases
from placet.kernel.verdict import Check
from tests.support.cast import ANA, BEN, CLEO, DARA
from tests.support.fake_worker import FakeWorker
from tests.support.scenario import new_id
from tests.support.visitor import Visit, published

HELD = "a red ball rolls away from a knife fight"


def only_case() -> str:
    (row,) = open_cases()
    return f"/review/{row.case}/"


def test_a_held_prompt_is_decided_and_the_next_case_opens(visit: Visit, worker: FakeWorker) -> None:
    first, second = worker.scenario.request(BEN, HELD), worker.scenario.request(BEN, HELD)
    cleo = visit(CLEO)
    assert "2 cases" in cleo.get("/review/")
    case = f"/review/{open_cases()[0].case}/"
    page = cleo.get(case)
    assert "<mark>" in page
    assert "Graphic violence" in page
    to = cleo.post(f"{case}decide/", decision="approve", reason="a harmless scene", version=1)
    assert to == f"/review/{open_cases()[1].case}/"
    worker.scenario.driver.run()
    assert {worker.scenario.state(first).state, worker.scenario.state(second).state} == {"approved", "held"}


def test_the_second_reviewer_keeps_their_text_and_sees_the_first_decision(visit: Visit, worker: FakeWorker) -> None:
    worker.scenario.request(BEN, HELD)
    case = only_case()
    visit(CLEO).post(f"{case}decide/", decision="approve", reason="a toy fight", version=1)
    page = visit(CLEO).post(f"{case}decide/", status=409, decision="reject", reason="my own words", version=1)
    for text in ("my own words", "a toy fight", "Cleo has decided this case", "Another reviewer decided"):
        assert text in page


def test_a_decision_needs_a_reason(visit: Visit, worker: FakeWorker) -> None:
    worker.scenario.request(BEN, HELD)
    visit(CLEO).post(f"{only_case()}decide/", status=422, decision="approve", reason="", version=1)


def test_an_appeal_reaches_the_queue_and_the_requester_cannot_decide(visit: Visit, worker: FakeWorker) -> None:
    generation = worker.scenario.request(BEN, "a red ball bounces", ANA)
    visit(BEN).post(f"/generations/{generation}/appeal/", words="Ana told me yes")
    worker.scenario.driver.run()
    assert "You have contested this" in visit(BEN).get(f"/generations/{generation}/")
    page = visit(CLEO).get(only_case())
    assert "Ana told me yes" in page
    assert "Uphold the refusal" in page
    assert "Overturn it" not in page, "no reviewer can give a person's consent"


def test_only_the_requester_appeals(visit: Visit, worker: FakeWorker) -> None:
    generation = worker.scenario.request(BEN, "a red ball bounces", ANA)
    visit(ANA).post(f"/generations/{generation}/appeal/", status=403, words="no")


def test_a_case_page_names_the_verdict_of_every_check(visit: Visit, worker: FakeWorker) -> None:
    generation = published(worker, ANA)
    visit(DARA).post(f"/clips/{generation}/report/", status=200, reason="rights", words="mine")
    worker.scenario.driver.run()
    (case,) = open_cases()
    assert {verdict.check for verdict in case_page(str(case.case)).verdicts} == set(get_args(Check))


def test_a_reported_clip_is_covered_and_taken_down(visit: Visit, worker: FakeWorker) -> None:
    generation = published(worker)
    page = visit(DARA).post(f"/clips/{generation}/report/", status=200, reason="rights", words="mine")
    assert "Thank you" in page
    worker.scenario.driver.run()
    case = only_case()
    page = visit(CLEO).get(case)
    assert 'class="sheet covered"' in page
    assert f"{case}clip.mp4" in page
    assert re.search(r"<video[^>]* muted", page)
    visit(CLEO).get(f"{case}clip.mp4")
    visit(BEN).get(f"{case}clip.mp4", status=403)
    visit(CLEO).post(f"{case}decide/", decision="remove", reason="not theirs", version=1)
    worker.scenario.driver.run()
    visit(None).get(f"/media/{generation}.mp4", status=410)


def test_a_report_needs_a_reason_from_the_list(visit: Visit, worker: FakeWorker) -> None:
    visit(DARA).post(f"/clips/{published(worker)}/report/", status=422, reason="boredom")


def test_an_empty_queue_says_so(visit: Visit) -> None:
    assert "Nothing waits" in visit(CLEO).get("/review/")


def test_an_unknown_case_is_not_found(visit: Visit) -> None:
    visit(CLEO).get(f"/review/{new_id()}/", status=404)
