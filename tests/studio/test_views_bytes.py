"""The bytes: asked of PostgreSQL every time, gone at once, and never shown in doubt."""

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


def test_a_published_clip_is_served_in_ranges_and_never_cached(visit: Visit, stage: FakeWorker) -> None:
    generation = published(stage)
    answer = visit(None).client.get(f"/media/{generation}.mp4", headers={"Range": "bytes=0-2"})
    assert (answer.status_code, bytes_of(answer)) == (206, b"the")
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.promise("P3")
def test_a_revoked_clip_is_gone_before_any_consumer_has_run(visit: Visit, stage: FakeWorker) -> None:
    generation = published(stage, ANA)
    visit(None).get(f"/media/{generation}.mp4")
    likeness.revoke(stage.scenario.log, ANA, None, new_id())
    assert "withdrawn their consent" in visit(None).get(f"/media/{generation}.mp4", status=410)
    assert "withdrawn" in visit(BEN).get(f"/drafts/{generation}.mp4", status=410)


def test_a_draft_is_for_its_asker_and_reviewers(visit: Visit, stage: FakeWorker) -> None:
    generation = drafted(stage, ANA)
    visit(None).get(f"/media/{generation}.mp4", status=404)
    for who in (BEN, CLEO):
        visit(who).get(f"/drafts/{generation}.mp4")
    for other in (ANA, DARA):
        visit(other).get(f"/drafts/{generation}.mp4", status=403)


def test_what_never_was_is_not_found(visit: Visit) -> None:
    visit(None).get(f"/media/{uuid4()}.mp4", status=404)


@pytest.mark.promise("P3")
def test_in_doubt_it_is_503_and_never_the_bytes(
    visit: Visit, stage: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = published(stage)
    monkeypatch.setattr("placet.eventlog.projections.freshness.WAIT_SECONDS", -1.0)
    likeness.block(stage.scenario.log, ANA, BEN, new_id())
    answer = visit(None).client.get(f"/media/{generation}.mp4")
    assert isinstance(answer, HttpResponse)
    assert answer.status_code == 503
    assert b"signed bytes" not in answer.content
    stage.scenario.driver.run()
    visit(None).get(f"/media/{generation}.mp4")


def test_while_the_database_is_away_it_is_503(visit: Visit, stage: FakeWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    generation = published(stage)

    def away(_generation: str) -> None:
        raise OperationalError

    monkeypatch.setattr("placet.studio.media_views.standing", away)
    assert visit(None).client.get(f"/media/{generation}.mp4").status_code == 503


def test_a_download_is_one_use_a_person_downloader_and_day(visit: Visit, stage: FakeWorker) -> None:
    generation = published(stage, ANA)
    before = len(stage.scenario.notices_of(ANA))
    visit(None).get(f"/media/{generation}.mp4?download=1", status=302)
    for who in (BEN, DARA, DARA):
        answer = visit(who).client.get(f"/media/{generation}.mp4?download=1")
        assert "attachment" in answer["Content-Disposition"]
        assert bytes_of(answer) == stage.bytes_of(generation)
    told = stage.scenario.notices_of(ANA)[before:]
    assert [(stage_, clip) for _, stage_, clip in told] == [("downloaded", generation)] * 2
