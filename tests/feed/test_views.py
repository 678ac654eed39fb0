"""The feed: published clips, newest first, and nothing else."""

import re

import pytest

from placet.likeness import commands as likeness
from tests.support.cast import ANA, BEN
from tests.support.fake_worker import FakeWorker
from tests.support.scenario import new_id
from tests.support.visitor import Visit, drafted, published


def clips_in(page: str) -> list[str]:
    return re.findall(r"/media/([0-9a-f-]{36})\.mp4\"", page)


def test_an_empty_feed_says_so(visit: Visit) -> None:
    assert "Nothing has been published yet" in visit(None).get("/")
    assert "Make the first one" in visit(BEN).get("/")


def test_clips_come_newest_first_and_drafts_never(visit: Visit, worker: FakeWorker) -> None:
    first, second = published(worker), published(worker)
    drafted(worker)
    assert clips_in(visit(None).get("/")) == [second, first]


def test_older_clips_load_by_a_plain_link_or_by_htmx(visit: Visit, worker: FakeWorker) -> None:
    clips = [published(worker) for _ in range(6)]
    page = visit(None).get("/")
    older = re.search(r'<a href="(/\?before=\d+)"', page)
    assert older
    assert clips_in(page) + clips_in(visit(None).get(older[1])) == clips[::-1]
    assert "<html" not in visit(None).get(older[1], by_htmx=True)


def test_a_clip_shows_its_credentials(visit: Visit, worker: FakeWorker) -> None:
    generation = published(worker, ANA)
    page = visit(None).get(f"/clips/{generation}/")
    for text in ("Ben", "with Ana", "Made by a renderer", "Credentials", "each by their own consent", "SHA-256"):
        assert text in page


@pytest.mark.promise("P3")
def test_a_clip_is_gone_with_its_reason_after_a_revocation(visit: Visit, worker: FakeWorker) -> None:
    generation = published(worker, ANA)
    likeness.revoke(worker.scenario.log, ANA, None, new_id())
    worker.scenario.driver.run()
    assert clips_in(visit(None).get("/")) == []
    assert "withdrawn their consent" in visit(None).get(f"/clips/{generation}/", status=410)


def test_a_feed_behind_the_log_shows_nothing(visit: Visit, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    published(worker)
    monkeypatch.setattr("placet.eventlog.projections.freshness.WAIT_SECONDS", -1.0)
    likeness.block(worker.scenario.log, ANA, BEN, new_id())
    assert visit(None).client.get("/").status_code == 503


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "1'--"])
def test_an_invalid_position_is_the_start_of_the_feed(visit: Visit, before: str) -> None:
    visit(None).get(f"/?before={before}")
