"""The inbox: every use, numbered, with something to do about each."""

from typing import Any

from placet.notices.page import missing
from tests.support.cast import ANA, BEN
from tests.support.fake_worker import FakeWorker
from tests.support.visitor import Visit, drafted, published

FROM_HERE: dict[str, Any] = {"from": "inbox"}


def test_every_use_is_there_in_order_and_none_is_missing(visit: Visit, stage: FakeWorker) -> None:
    published(stage, ANA)
    page = visit(ANA).get("/notices/")
    assert "Notices 1 to 3 of 3: none is missing." in page
    assert page.index('data-number="3"') < page.index('data-number="1"')
    assert "A clip that shows you was published" in page


def test_the_count_is_of_what_is_new(visit: Visit, stage: FakeWorker) -> None:
    drafted(stage, ANA)
    ana = visit(ANA)
    assert "2 new notices" in ana.get("/notices/count/")
    ana.get("/notices/")
    assert ana.get("/notices/count/") == ""


def test_a_blocked_attempt_can_be_answered_with_a_block_and_has_nothing_to_take_down(
    visit: Visit, stage: FakeWorker
) -> None:
    stage.scenario.ask(BEN, "a red ball bounces", ANA)
    page = visit(ANA).get("/notices/")
    assert "An attempt to use your likeness was blocked" in page
    assert "consent_missing" in page
    assert "Take this one clip down" not in page
    assert "Block Ben" in page


def test_one_clip_is_taken_down_from_its_notice(visit: Visit, stage: FakeWorker) -> None:
    clip, other = published(stage, ANA), published(stage, ANA)
    ana = visit(ANA)
    assert ana.post(f"/likeness/clips/{clip}/remove/", **FROM_HERE) == "/notices/"
    assert "you took it down" in ana.get("/notices/")
    stage.scenario.driver.run()
    visit(None).get(f"/media/{clip}.mp4", status=410)
    visit(None).get(f"/media/{other}.mp4")


def test_a_person_sees_only_their_own(visit: Visit, stage: FakeWorker) -> None:
    drafted(stage, ANA)
    assert "Nobody has used your likeness" in visit(BEN).get("/notices/")


def test_a_gap_would_show() -> None:
    assert missing([5, 4, 2]) == (3,)
    assert missing([3, 2, 1]) == missing([]) == ()
