"""Asking for a clip, its page, its drafts and its story."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from placet.kernel.ids import GenerationId
from placet.rights import commands as rights
from tests.support.cast import ANA, BEN, CLEO, DARA
from tests.support.fake_worker import FakeWorker
from tests.support.scenario import new_id
from tests.support.visitor import Visit, Visitor, drafted

ASK: dict[str, Any] = {"prompt": "a red ball bounces", "seconds": "4", "size": "portrait"}


def asked(ben: Visitor, stage: FakeWorker, **more: Any) -> GenerationId:
    to = ben.post("/create/", **{**ASK, **more})
    stage.scenario.driver.run()
    return GenerationId(to.rstrip("/").rpartition("/")[2])


def test_what_was_asked_for_is_on_its_page_and_among_the_drafts(visit: Visit, stage: FakeWorker) -> None:
    ben = visit(BEN)
    generation = asked(ben, stage)
    page = ben.get(f"/generations/{generation}/")
    assert "waits for its turn" in page
    assert f'data-live="/live/generations/{generation}?after=' in page
    assert "a red ball bounces" in ben.get("/drafts/")


def test_a_form_sent_twice_asks_once(visit: Visit) -> None:
    command, ben = new_id(), visit(BEN)
    assert ben.post("/create/", **ASK, command=command) == ben.post("/create/", **ASK, command=command)


def test_a_refusal_marks_the_span_and_says_how_to_argue(visit: Visit, stage: FakeWorker) -> None:
    rights.file_opt_out(stage.scenario.log, rights.FileOptOut(new_id(), DARA, ("Zorblax",)), frozenset())
    ben = visit(BEN)
    page = ben.get(f"/generations/{asked(ben, stage, prompt='a <red> ball meets Z0rblax')}/")
    assert "<mark>Z0rblax</mark>" in page
    assert "a &lt;red&gt; ball" in page
    for said in ("opt_out_matched", "a rights holder", "What would pass", "Contest it (until"):
        assert said in page


def test_a_name_that_nobody_enrolled_is_refused_not_lost(visit: Visit, stage: FakeWorker) -> None:
    ben = visit(BEN)
    assert "likeness_unknown" in ben.get(f"/generations/{asked(ben, stage, likenesses='Nobody')}/")


def test_a_picture_that_is_none_is_said_so_at_its_field(visit: Visit) -> None:
    picture = SimpleUploadedFile("a.png", b"<svg/>", "image/png")
    assert "Send a JPEG, PNG or WebP picture." in visit(BEN).post("/create/", status=422, **ASK, image=picture)


def test_an_empty_prompt_keeps_the_rest_of_the_form(visit: Visit) -> None:
    page = visit(BEN).post("/create/", status=422, prompt="", seconds="8", size="landscape", likenesses="Ana")
    assert 'value="Ana"' in page
    assert '<option value="8" selected>' in page


def test_a_draft_is_published_and_found_in_the_feed(visit: Visit, stage: FakeWorker) -> None:
    ben, generation = visit(BEN), drafted(stage)
    assert f"/drafts/{generation}.mp4" in ben.get(f"/generations/{generation}/")
    ben.post(f"/generations/{generation}/publish/")
    stage.scenario.driver.run()
    assert f"/media/{generation}.mp4" in visit(None).get("/")


def test_a_generation_is_cancelled(visit: Visit, stage: FakeWorker) -> None:
    ben = visit(BEN)
    generation = asked(ben, stage)
    ben.post(f"/generations/{generation}/cancel/")
    assert "cancelled" in ben.get(f"/generations/{generation}/")


def test_a_publication_too_early_is_told_and_not_done(visit: Visit, stage: FakeWorker) -> None:
    ben = visit(BEN)
    assert "not_a_draft" in ben.post(f"/generations/{asked(ben, stage)}/publish/", status=409)


def test_only_the_moving_part_is_sent_to_htmx(visit: Visit, stage: FakeWorker) -> None:
    ben = visit(BEN)
    assert "<html" not in ben.get(f"/generations/{asked(ben, stage)}/", by_htmx=True)


def test_others_see_neither_page_nor_prompt(visit: Visit, stage: FakeWorker) -> None:
    generation = drafted(stage, ANA)
    visit(ANA).get(f"/generations/{generation}/", status=403)
    visit(CLEO).get(f"/generations/{generation}/")
    visit(ANA).post(f"/generations/{generation}/publish/", status=403)


def test_a_shown_person_reads_the_story_without_the_prompt(visit: Visit, stage: FakeWorker) -> None:
    generation = drafted(stage, ANA, prompt="a secret ball bounces")
    page = visit(ANA).get(f"/story/{generation}/")
    assert "moderation.policy_checked.v1" in page
    assert "studio.record_verdicts" in page
    assert "secret" not in page
    assert "secret" in visit(BEN).get(f"/timeline/{generation}/")
    visit(DARA).get(f"/timeline/{generation}/", status=403)


def test_a_generation_that_never_was_is_not_found(visit: Visit) -> None:
    visit(BEN).get(f"/generations/{new_id()}/", status=404)
