"""Ask, follow, publish, cancel, appeal and report over HTTP."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from placet.likeness import commands as likeness
from placet.studio.commands import quota_of
from tests.api.conftest import As
from tests.media.synthetic import declared_png
from tests.support.cast import ANA, BEN, CLEO, EVE
from tests.support.fake_worker import FakeWorker
from tests.support.scenario import new_id

BALL = {"prompt": "a red ball bounces"}


def ask(by: As, play: FakeWorker, **more: object) -> str:
    status, told = by(BEN).post("generations", {**BALL, **more})
    assert (status, told["state"]) == (202, "requested")
    play.tick()
    return str(told["id"])


def test_what_is_asked_is_followed_to_the_feed(by: As, play: FakeWorker) -> None:
    clip = ask(by, play)
    _, told = by(BEN).get(f"generations/{clip}")
    assert (told["state"], told["prompt"], told["refusal"]) == ("draft", BALL["prompt"], None)
    assert by(BEN).post(f"generations/{clip}/publish") == (200, {"id": clip, "state": "published"})
    play.tick()
    status, (shown,) = by(None).get("feed")
    assert (status, shown["id"], shown["by"]) == (200, clip, "Ben")
    assert "prompt" not in shown


@pytest.mark.parametrize(
    ("field", "sent", "code"),
    [
        pytest.param("image", declared_png(60_000, 60_000), "media_too_large", id="bomb"),
        pytest.param("image", b"no picture at all", "media_not_an_image", id="no picture"),
        pytest.param("prompt", "word " * 10_000, "invalid", id="ten thousand words"),
        pytest.param("size", "60000x60000", "invalid", id="size"),
        pytest.param("seconds", "nan", "invalid", id="length"),
    ],
)
def test_what_is_hostile_is_refused_by_name_and_costs_nothing(
    by: As, play: FakeWorker, field: str, sent: bytes | str, code: str
) -> None:
    form: dict[str, object] = {**BALL, field: sent if isinstance(sent, str) else SimpleUploadedFile("a.png", sent)}
    answer = by(BEN).client.post("/api/v1/generations", form)
    assert (answer.status_code // 100, answer.json()["code"]) == (4, code)
    play.tick()
    assert by(BEN).get("generations") == (200, [])
    assert play.scenario.log.read(quota_of(BEN)).facts == ()


def test_a_refusal_says_all_that_can_be_argued_with(by: As, play: FakeWorker) -> None:
    clip = ask(by, play, likenesses=["Ana"])
    refusal = by(BEN).get(f"generations/{clip}")[1]["refusal"]
    assert refusal["code"] == "consent_missing"
    assert set(refusal) == {"code", "rule", "evidence", "claimant", "what_would_pass", "appeal_deadline"}


def test_an_appeal_opens_a_case_once(by: As, play: FakeWorker) -> None:
    clip = ask(by, play, likenesses=["Ana"])
    assert by(BEN).post(f"generations/{clip}/appeals", {"words": "she said yes"})[0] == 201
    status, told = by(BEN).post(f"generations/{clip}/appeals", {"words": "again"})
    assert (status, told["code"]) == (409, "nothing_to_appeal")


def test_a_published_clip_is_reported(by: As, play: FakeWorker) -> None:
    clip = ask(by, play)
    by(BEN).post(f"generations/{clip}/publish")
    assert by(ANA).post(f"generations/{clip}/reports", {"reason": "impersonation"})[0] == 201


def test_what_has_ended_is_not_cancelled(by: As, play: FakeWorker) -> None:
    clip = ask(by, play)
    status, told = by(BEN).post(f"generations/{clip}/cancel")
    assert (status, told["code"]) == (409, "nothing_to_cancel")


def test_a_request_is_cancelled_before_it_is_a_draft(by: As) -> None:
    _, asked = by(BEN).post("generations", BALL)
    assert by(BEN).post(f"generations/{asked['id']}/cancel")[1]["state"] == "cancelled"


def test_the_list_holds_ones_own_and_no_prompt(by: As, play: FakeWorker) -> None:
    clip = ask(by, play)
    (row,) = by(BEN).get("generations")[1]
    assert (row["id"], "prompt" in row) == (clip, False)
    assert by(ANA).get("generations") == (200, [])


def test_a_reviewer_reads_the_prompt_and_whoever_is_shown_does_not(by: As, play: FakeWorker) -> None:
    likeness.allow(play.scenario.log, ANA, BEN, new_id())
    clip = ask(by, play, likenesses=["Ana"])
    assert by(CLEO).get(f"generations/{clip}")[1]["prompt"] == BALL["prompt"]
    status, told = by(ANA).get(f"generations/{clip}")
    assert (status, told["code"]) == (403, "not_permitted")


@pytest.mark.parametrize("verb", ["publish", "cancel", "appeals", "reports"])
def test_eve_may_do_nothing_with_what_is_bens(by: As, play: FakeWorker, verb: str) -> None:
    clip = ask(by, play)
    body = {"words": "x", "reason": "x"}
    status, told = by(EVE).post(f"generations/{clip}/{verb}", body)
    assert status in {403, 409}
    assert told["code"] in {"not_generation_owner", "not_permitted", "nothing_to_appeal"}


def test_eve_neither_asks_nor_lists_nor_follows(by: As, play: FakeWorker) -> None:
    clip = ask(by, play)
    for status, told in (
        by(EVE).post("generations", BALL),
        by(EVE).get("generations"),
        by(EVE).get(f"generations/{clip}"),
    ):
        assert (status, told["code"]) == (403, "not_permitted")
