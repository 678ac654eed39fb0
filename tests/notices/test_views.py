"""The inbox: every use, numbered, with the possible actions."""

from typing import Any

from placet.notices.page import missing
from tests.support.cast import ANA, BEN
from tests.support.fake_worker import FakeWorker
from tests.support.visitor import Visit, drafted, published

FROM_HERE: dict[str, Any] = {"from": "inbox"}


def test_every_use_is_listed_in_order_without_gaps(visit: Visit, worker: FakeWorker) -> None:
    published(worker, ANA)
    page = visit(ANA).get("/notices/")
    assert "Notices 1 to 3 of 3: none is missing." in page
    assert page.index('data-number="3"') < page.index('data-number="1"')
    assert "A clip that shows you was published" in page


def test_the_count_is_of_new_notices(visit: Visit, worker: FakeWorker) -> None:
    drafted(worker, ANA)
    ana = visit(ANA)
    assert "2 new notices" in ana.get("/notices/count/")
    ana.get("/notices/")
    assert ana.get("/notices/count/") == ""


def test_a_blocked_attempt_offers_a_block_and_no_removal(visit: Visit, worker: FakeWorker) -> None:
    worker.scenario.request(BEN, "a red ball bounces", ANA)
    page = visit(ANA).get("/notices/")
    assert "An attempt to use your likeness was blocked" in page
    assert "consent_missing" in page
    assert "Take this one clip down" not in page
    assert "Block Ben" in page


def test_one_clip_is_taken_down_from_its_notice(visit: Visit, worker: FakeWorker) -> None:
    clip, other = published(worker, ANA), published(worker, ANA)
    ana = visit(ANA)
    assert ana.post(f"/likeness/clips/{clip}/remove/", **FROM_HERE) == "/notices/"
    assert "you took it down" in ana.get("/notices/")
    worker.scenario.driver.run()
    visit(None).get(f"/media/{clip}.mp4", status=410)
    visit(None).get(f"/media/{other}.mp4")


def test_a_person_sees_only_their_own(visit: Visit, worker: FakeWorker) -> None:
    drafted(worker, ANA)
    assert "Nobody has used your likeness" in visit(BEN).get("/notices/")


def test_a_gap_is_found() -> None:
    assert missing([5, 4, 2]) == (3,)
    assert missing([3, 2, 1]) == missing([]) == ()
