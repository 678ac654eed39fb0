"""Request, follow, publish, cancel, appeal and report over HTTP."""

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


def request(by: As, worker: FakeWorker, **more: object) -> str:
    status, body = by(BEN).post("generations", {**BALL, **more})
    assert (status, body["state"]) == (202, "requested")
    worker.tick()
    return str(body["id"])


def test_a_request_is_followed_to_the_feed(by: As, worker: FakeWorker) -> None:
    clip = request(by, worker)
    _, body = by(BEN).get(f"generations/{clip}")
    assert (body["state"], body["prompt"], body["refusal"]) == ("draft", BALL["prompt"], None)
    assert by(BEN).post(f"generations/{clip}/publish") == (200, {"id": clip, "state": "published"})
    worker.tick()
    status, (item,) = by(None).get("feed")
    assert (status, item["id"], item["by"]) == (200, clip, "Ben")
    assert "prompt" not in item


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
def test_hostile_input_is_refused_with_a_code_and_costs_nothing(
    by: As, worker: FakeWorker, field: str, sent: bytes | str, code: str
) -> None:
    form: dict[str, object] = {**BALL, field: sent if isinstance(sent, str) else SimpleUploadedFile("a.png", sent)}
    answer = by(BEN).client.post("/api/v1/generations", form)
    assert (answer.status_code // 100, answer.json()["code"]) == (4, code)
    worker.tick()
    assert by(BEN).get("generations") == (200, [])
    assert worker.scenario.log.read(quota_of(BEN)).facts == ()


def test_a_refusal_has_everything_that_an_appeal_needs(by: As, worker: FakeWorker) -> None:
    clip = request(by, worker, likenesses=["Ana"])
    refusal = by(BEN).get(f"generations/{clip}")[1]["refusal"]
    assert refusal["code"] == "consent_missing"
    assert set(refusal) == {"code", "rule", "evidence", "claimant", "what_would_pass", "appeal_deadline"}


def test_an_appeal_opens_a_case_once(by: As, worker: FakeWorker) -> None:
    clip = request(by, worker, likenesses=["Ana"])
    assert by(BEN).post(f"generations/{clip}/appeals", {"words": "she said yes"})[0] == 201
    status, body = by(BEN).post(f"generations/{clip}/appeals", {"words": "again"})
    assert (status, body["code"]) == (409, "nothing_to_appeal")


def test_a_published_clip_is_reported(by: As, worker: FakeWorker) -> None:
    clip = request(by, worker)
    by(BEN).post(f"generations/{clip}/publish")
    assert by(ANA).post(f"generations/{clip}/reports", {"reason": "impersonation"})[0] == 201


def test_an_ended_generation_is_not_cancelled(by: As, worker: FakeWorker) -> None:
    clip = request(by, worker)
    status, body = by(BEN).post(f"generations/{clip}/cancel")
    assert (status, body["code"]) == (409, "nothing_to_cancel")


def test_a_request_is_cancelled_before_it_is_a_draft(by: As) -> None:
    _, requested = by(BEN).post("generations", BALL)
    assert by(BEN).post(f"generations/{requested['id']}/cancel")[1]["state"] == "cancelled"


def test_the_list_has_only_own_generations_without_prompts(by: As, worker: FakeWorker) -> None:
    clip = request(by, worker)
    (row,) = by(BEN).get("generations")[1]
    assert (row["id"], "prompt" in row) == (clip, False)
    assert by(ANA).get("generations") == (200, [])


def test_a_reviewer_reads_the_prompt_and_a_person_shown_does_not(by: As, worker: FakeWorker) -> None:
    likeness.allow(worker.scenario.log, ANA, BEN, new_id())
    clip = request(by, worker, likenesses=["Ana"])
    assert by(CLEO).get(f"generations/{clip}")[1]["prompt"] == BALL["prompt"]
    status, body = by(ANA).get(f"generations/{clip}")
    assert (status, body["code"]) == (403, "not_permitted")


@pytest.mark.parametrize("verb", ["publish", "cancel", "appeals", "reports"])
def test_eve_can_do_nothing_with_a_generation_of_ben(by: As, worker: FakeWorker, verb: str) -> None:
    clip = request(by, worker)
    body = {"words": "x", "reason": "x"}
    status, body = by(EVE).post(f"generations/{clip}/{verb}", body)
    assert status in {403, 409}
    assert body["code"] in {"not_generation_owner", "not_permitted", "nothing_to_appeal"}


def test_eve_can_neither_request_nor_list_nor_follow(by: As, worker: FakeWorker) -> None:
    clip = request(by, worker)
    for status, body in (
        by(EVE).post("generations", BALL),
        by(EVE).get("generations"),
        by(EVE).get(f"generations/{clip}"),
    ):
        assert (status, body["code"]) == (403, "not_permitted")
