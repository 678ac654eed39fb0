"""The bytes of a clip: standing read at every request, gone at once after a revocation, 503 in doubt."""

from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse

from placet.likeness import commands as likeness
from tests.support.cast import ANA, BEN, CLEO, DARA
from tests.support.fake_worker import FakeWorker
from tests.support.scenario import new_id
from tests.support.visitor import Visit, drafted, published


def bytes_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_a_published_clip_is_served_in_ranges_and_never_cached(visit: Visit, worker: FakeWorker) -> None:
    generation = published(worker)
    answer = visit(None).client.get(f"/media/{generation}.mp4", headers={"Range": "bytes=0-2"})
    assert (answer.status_code, bytes_of(answer)) == (206, b"the")
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.promise("P3")
def test_a_revoked_clip_is_gone_before_any_consumer_has_run(visit: Visit, worker: FakeWorker) -> None:
    generation = published(worker, ANA)
    visit(None).get(f"/media/{generation}.mp4")
    likeness.revoke(worker.scenario.log, ANA, None, new_id())
    assert "withdrawn their consent" in visit(None).get(f"/media/{generation}.mp4", status=410)
    assert "withdrawn" in visit(BEN).get(f"/drafts/{generation}.mp4", status=410)


def test_a_draft_is_for_its_requester_and_reviewers(visit: Visit, worker: FakeWorker) -> None:
    generation = drafted(worker, ANA)
    visit(None).get(f"/media/{generation}.mp4", status=404)
    for who in (BEN, CLEO):
        visit(who).get(f"/drafts/{generation}.mp4")
    for other in (ANA, DARA):
        visit(other).get(f"/drafts/{generation}.mp4", status=403)


def test_an_unknown_clip_is_not_found(visit: Visit) -> None:
    visit(None).get(f"/media/{uuid4()}.mp4", status=404)


@pytest.mark.promise("P3")
def test_a_stale_projection_gives_503_and_no_bytes(
    visit: Visit, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = published(worker)
    monkeypatch.setattr("placet.eventlog.projections.freshness.WAIT_SECONDS", -1.0)
    likeness.block(worker.scenario.log, ANA, BEN, new_id())
    answer = visit(None).client.get(f"/media/{generation}.mp4")
    assert isinstance(answer, HttpResponse)
    assert answer.status_code == 503
    assert b"signed bytes" not in answer.content
    worker.scenario.driver.run()
    visit(None).get(f"/media/{generation}.mp4")


def test_an_unavailable_database_gives_503(visit: Visit, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    generation = published(worker)

    def unavailable(_generation: str) -> None:
        raise OperationalError

    monkeypatch.setattr("placet.studio.media_views.standing", unavailable)
    assert visit(None).client.get(f"/media/{generation}.mp4").status_code == 503


def test_a_download_is_one_use_per_person_downloader_and_day(visit: Visit, worker: FakeWorker) -> None:
    generation = published(worker, ANA)
    before = len(worker.scenario.notices_of(ANA))
    visit(None).get(f"/media/{generation}.mp4?download=1", status=302)
    for who in (BEN, DARA, DARA):
        answer = visit(who).client.get(f"/media/{generation}.mp4?download=1")
        assert "attachment" in answer["Content-Disposition"]
        assert bytes_of(answer) == worker.bytes_of(generation)
    notices = worker.scenario.notices_of(ANA)[before:]
    assert [(stage, clip) for _, stage, clip in notices] == [("downloaded", generation)] * 2
