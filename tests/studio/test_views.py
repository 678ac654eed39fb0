"""Requesting a clip, its page, the drafts and the timeline."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from placet.kernel.ids import GenerationId
from placet.rights import commands as rights
from tests.support.cast import ANA, BEN, CLEO, DARA
from tests.support.fake_worker import FakeWorker
from tests.support.scenario import new_id
from tests.support.visitor import Visit, Visitor, drafted

FORM: dict[str, Any] = {"prompt": "a red ball bounces", "seconds": "4", "size": "portrait"}


def requested(ben: Visitor, worker: FakeWorker, **more: Any) -> GenerationId:
    to = ben.post("/create/", **{**FORM, **more})
    worker.scenario.driver.run()
    return GenerationId(to.rstrip("/").rpartition("/")[2])


def test_a_request_is_on_its_page_and_among_the_drafts(visit: Visit, worker: FakeWorker) -> None:
    ben = visit(BEN)
    generation = requested(ben, worker)
    page = ben.get(f"/generations/{generation}/")
    assert "waits for its turn" in page
    assert f'data-live="/live/generations/{generation}?after=' in page
    assert "a red ball bounces" in ben.get("/drafts/")


def test_a_form_sent_twice_is_one_request(visit: Visit) -> None:
    command, ben = new_id(), visit(BEN)
    assert ben.post("/create/", **FORM, command=command) == ben.post("/create/", **FORM, command=command)


def test_a_refusal_marks_the_span_and_explains_an_appeal(visit: Visit, worker: FakeWorker) -> None:
    rights.file_opt_out(worker.scenario.log, rights.FileOptOut(new_id(), DARA, ("Zorblax",)), frozenset())
    ben = visit(BEN)
    page = ben.get(f"/generations/{requested(ben, worker, prompt='a <red> ball meets Z0rblax')}/")
    assert "<mark>Z0rblax</mark>" in page
    assert "a &lt;red&gt; ball" in page
    for text in ("opt_out_matched", "a rights holder", "What would pass", "Contest it (until"):
        assert text in page


def test_an_unknown_likeness_is_refused(visit: Visit, worker: FakeWorker) -> None:
    ben = visit(BEN)
    assert "likeness_unknown" in ben.get(f"/generations/{requested(ben, worker, likenesses='Nobody')}/")


def test_an_invalid_picture_is_reported_at_its_field(visit: Visit) -> None:
    picture = SimpleUploadedFile("a.png", b"<svg/>", "image/png")
    assert "Send a JPEG, PNG or WebP picture." in visit(BEN).post("/create/", status=422, **FORM, image=picture)


def test_an_empty_prompt_keeps_the_rest_of_the_form(visit: Visit) -> None:
    page = visit(BEN).post("/create/", status=422, prompt="", seconds="8", size="landscape", likenesses="Ana")
    assert 'value="Ana"' in page
    assert '<option value="8" selected>' in page


def test_a_draft_is_published_and_found_in_the_feed(visit: Visit, worker: FakeWorker) -> None:
    ben, generation = visit(BEN), drafted(worker)
    assert f"/drafts/{generation}.mp4" in ben.get(f"/generations/{generation}/")
    ben.post(f"/generations/{generation}/publish/")
    worker.scenario.driver.run()
    assert f"/media/{generation}.mp4" in visit(None).get("/")


def test_a_generation_is_cancelled(visit: Visit, worker: FakeWorker) -> None:
    ben = visit(BEN)
    generation = requested(ben, worker)
    ben.post(f"/generations/{generation}/cancel/")
    assert "cancelled" in ben.get(f"/generations/{generation}/")


def test_only_a_draft_can_be_published(visit: Visit, worker: FakeWorker) -> None:
    ben = visit(BEN)
    assert "not_a_draft" in ben.post(f"/generations/{requested(ben, worker)}/publish/", status=409)


def test_htmx_gets_only_the_part_that_changes(visit: Visit, worker: FakeWorker) -> None:
    ben = visit(BEN)
    assert "<html" not in ben.get(f"/generations/{requested(ben, worker)}/", by_htmx=True)


def test_others_see_neither_page_nor_prompt(visit: Visit, worker: FakeWorker) -> None:
    generation = drafted(worker, ANA)
    visit(ANA).get(f"/generations/{generation}/", status=403)
    visit(CLEO).get(f"/generations/{generation}/")
    visit(ANA).post(f"/generations/{generation}/publish/", status=403)


def test_a_person_shown_reads_the_timeline_without_the_prompt(visit: Visit, worker: FakeWorker) -> None:
    generation = drafted(worker, ANA, prompt="a secret ball bounces")
    page = visit(ANA).get(f"/timeline/{generation}/")
    assert "moderation.policy_checked.v1" in page
    assert "studio.record_verdicts" in page
    assert "secret" not in page
    assert "secret" in visit(BEN).get(f"/timeline/{generation}/")
    visit(DARA).get(f"/timeline/{generation}/", status=403)


def test_an_unknown_generation_is_not_found(visit: Visit) -> None:
    visit(BEN).get(f"/generations/{new_id()}/", status=404)
