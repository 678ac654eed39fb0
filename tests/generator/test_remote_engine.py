"""The remote engine against a local service: requested once, polled until the timeout, and not trusted."""

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generator import registry
from generator.engines.remote import engine as remote
from generator.engines.remote import service
from generator.engines.remote.endpoint import EndpointRefused, RemoteEndpoint
from generator.engines.remote.engine import RemoteEngine, WrongFile
from generator.engines.remote.service import RemoteFailed, RemoteRefused
from generator.ports import BeyondCapabilities, Cancelled, GenerationRequest, RawClip
from generator.worker import work
from placet.media.encode import encode_mp4
from tests.generator.model_line import Line
from tests.generator.questions import ask, made, never, silent
from tests.generator.remote_service import JOB, Conduct, serving

ASKED = ask("a red ball bounces", size=(288, 512), seconds=1.0)
SECRET = "sk-canary"


@pytest.fixture(scope="module")
def clip() -> bytes:
    return mp4(made(replace(ASKED, seconds=4.0)))


def mp4(raw: RawClip, *, silent_picture: bool = False) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "clip.mp4"
        encode_mp4(raw.frames, raw.fps, None if silent_picture else raw.pcm, raw.rate, place)
        return place.read_bytes()


@pytest.fixture
def conduct(clip: bytes) -> Conduct:
    return Conduct(clip)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "POLL_SECONDS", 0.01)


Place = Callable[..., RemoteEndpoint]


@pytest.fixture
def place(conduct: Conduct, tmp_path: Path) -> Iterator[Place]:
    """Writes an endpoint file, with changed fields, and reads it."""
    (tmp_path / "key").write_text(f"{SECRET}\n")
    with serving(conduct) as url:

        def described(**more: Any) -> RemoteEndpoint:
            fields = {
                "engine": "cloud", "version": "1", "label": "a service elsewhere", "licence": "theirs", "model": "m-1",
                "excluded_territories": [], "modes": ["text", "image", "remix"], "sizes": [[288, 512]],
                "seconds": [4, 8], "has_sound": True, "url": url, "key_file": str(tmp_path / "key"),
                "takes": ["seed"], "patience_seconds": 60,
            }  # fmt: skip
            file = tmp_path / "cloud.json"
            file.write_text(json.dumps(fields | more))
            return RemoteEndpoint.read(file)

        yield described


def generate(place: Place, request: GenerationRequest = ASKED, **more: Any) -> RawClip:
    return RemoteEngine(place(**more)).generate(request, silent, never)


def test_a_clip_is_requested_polled_fetched_and_deleted(place: Place, conduct: Conduct) -> None:
    got = generate(place)
    assert [f"{method} {path.removeprefix('/v1/videos')}" for method, path, *_ in conduct.asked] == [
        "POST ", f"GET /{JOB}", f"GET /{JOB}", f"GET /{JOB}/content", f"DELETE /{JOB}",
    ]  # fmt: skip
    assert got.frames.shape == (24, 512, 288, 3)
    assert got.pcm.shape == (got.rate, 2)
    assert np.abs(got.frames[5].astype(int) - made(replace(ASKED, seconds=4.0)).frames[5]).mean() < 6
    assert got.recipe["remote"]["host"] == "127.0.0.1"
    assert "a red ball" not in json.dumps(got.recipe)


def test_the_request_is_sent_with_the_key(place: Place, conduct: Conduct) -> None:
    generate(place)
    _, _, body, headers = conduct.asked[0]
    for name, value in (("prompt", "a red ball bounces"), ("seconds", "4"), ("size", "288x512"), ("seed", "7")):
        assert f'name="{name}"\r\n\r\n{value}\r\n'.encode() in body
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert headers["Idempotency-Key"] == ASKED.generation


def test_a_remix_sends_all_its_prompts_and_the_picture(place: Place, conduct: Conduct) -> None:
    generate(place, replace(ASKED, mode="remix", parent_prompt="a ball", prompt="make it red", image=b"PNG"))
    body = conduct.asked[0][2]
    assert b"a ball\nmake it red" in body
    assert b'name="input_reference"; filename="picture.png"' in body


def test_a_likeness_is_never_sent(place: Place, conduct: Conduct) -> None:
    with pytest.raises(BeyondCapabilities, match="likeness"):
        generate(place, replace(ASKED, badges=("ana",)))
    assert conduct.asked == []


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("at", ["POST /v1/videos", f"GET /v1/videos/{JOB}", f"GET /v1/videos/{JOB}/content"])
def test_transient_errors_are_retried(place: Place, conduct: Conduct, at: str, status: int) -> None:
    conduct.answers = {at: [status, status]}
    assert len(generate(place).frames) == 24
    assert {headers.get("Idempotency-Key") for method, _, _, headers in conduct.asked if method == "POST"} == {
        ASKED.generation
    }


def test_a_truncated_answer_is_fetched_again(place: Place, conduct: Conduct) -> None:
    conduct.cut = 2
    assert len(generate(place).frames) == 24
    assert conduct.count(f"GET /v1/videos/{JOB}/content") == 3


def test_a_busy_service_fails_the_job_after_five_tries(place: Place, conduct: Conduct) -> None:
    conduct.answers = {"POST /v1/videos": [429] * 9}
    with pytest.raises(RemoteFailed, match="status 429"):
        generate(place)
    assert len(conduct.asked) == service.TRIES


def test_a_silent_service_times_out(place: Place, conduct: Conduct, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "TIMEOUT", 0.05)
    monkeypatch.setattr(service, "MAX_BACKOFF_SECONDS", 0.01)
    conduct.takes_seconds = 0.3
    with pytest.raises(RemoteFailed, match="ReadTimeoutError"):
        generate(place)


def test_the_timeout_ends_a_job_that_still_runs(place: Place, conduct: Conduct) -> None:
    conduct.statuses = ["in_progress"]
    with pytest.raises(RemoteFailed, match=r"No clip within 0 s"):
        generate(place, patience_seconds=0.3)
    assert conduct.asked[-1][0] == "DELETE"


def test_a_long_retry_after_does_not_exceed_the_timeout(place: Place, conduct: Conduct) -> None:
    conduct.answers, conduct.retry_after = {"POST /v1/videos": [429]}, "3600"
    with pytest.raises(RemoteFailed, match="No clip within"):
        generate(place, patience_seconds=0.3)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(400, "moderation_blocked", RemoteRefused), (401, "invalid_api_key", RemoteFailed), (404, "", RemoteFailed)],
)
def test_a_refusal_keeps_only_the_services_code(
    place: Place, conduct: Conduct, status: int, code: str, kind: type[Exception]
) -> None:
    conduct.answers = {"POST /v1/videos": [status]}
    conduct.error = {"code": code, "message": "your prompt 'a red ball bounces'"}
    with pytest.raises(kind) as caught:
        generate(place)
    assert "red ball" not in str(caught.value)
    assert SECRET not in str(caught.value)
    assert (code or "no code") in str(caught.value)


@pytest.mark.parametrize(("reason", "kind"), [("moderation_blocked", RemoteRefused), ("gpu_lost", RemoteFailed)])
def test_a_job_that_fails_there_reports_its_code(
    place: Place, conduct: Conduct, reason: str, kind: type[Exception]
) -> None:
    conduct.statuses, conduct.reason = ["failed"], reason
    with pytest.raises(kind, match=reason) as caught:
        generate(place)
    assert "red ball" not in str(caught.value)


@pytest.mark.parametrize("says", [b"", b"[]", b'{"status": "queued"}', b'{"id": "../../x", "status": "queued"}'])
def test_an_invalid_answer_fails_the_job(place: Place, conduct: Conduct, says: bytes) -> None:
    conduct.says = says
    with pytest.raises(RemoteFailed):
        generate(place)


def test_a_file_that_is_not_a_clip_is_refused(place: Place, conduct: Conduct) -> None:
    conduct.clip = b"<html>not today</html>" * 100
    with pytest.raises(WrongFile, match="media_not_a_clip"):
        generate(place)


def test_a_clip_of_wrong_size_length_or_sound_is_refused(place: Place, conduct: Conduct) -> None:
    other = made(ask("a red ball bounces", size=(160, 288), seconds=1.0))
    conduct.clip = mp4(other)
    with pytest.raises(WrongFile, match="received 160x288"):
        generate(place)
    conduct.clip = mp4(made(replace(ASKED, seconds=0.5)))
    with pytest.raises(WrongFile, match="received 12 pictures"):
        generate(place)
    conduct.clip = mp4(made(replace(ASKED, seconds=4.0)), silent_picture=True)
    with pytest.raises(WrongFile, match="sent none"):
        generate(place)
    assert float(np.abs(generate(place, has_sound=False).pcm).max()) == 0.0


def test_a_clip_that_is_too_large_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_CLIP_BYTES", 1000)
    with pytest.raises(RemoteFailed, match="more than 1000 bytes"):
        generate(place)


def test_a_redirect_is_not_followed_with_the_key(place: Place, conduct: Conduct) -> None:
    with serving(other := Conduct(conduct.clip)) as elsewhere:
        conduct.moves_to = f"{elsewhere}/videos/{JOB}/content"
        with pytest.raises(RemoteFailed):
            generate(place)
        assert other.asked == []


def test_a_cancelled_run_is_deleted_there(place: Place, conduct: Conduct) -> None:
    conduct.statuses = ["in_progress"]
    with pytest.raises(Cancelled):
        RemoteEngine(place()).generate(ASKED, silent, lambda: "gone" if len(conduct.asked) > 2 else None)
    assert conduct.asked[-1][:2] == ("DELETE", f"/v1/videos/{JOB}")


def test_a_failed_deletion_does_not_fail_the_job(place: Place, conduct: Conduct) -> None:
    conduct.answers = {f"DELETE /v1/videos/{JOB}": [404]}
    assert len(generate(place).frames) == 24


@pytest.mark.parametrize("more", [{"size": (100, 100)}, {"seconds": 9.0, "size": (288, 512)}], ids=["size", "seconds"])
def test_what_the_endpoint_does_not_offer_is_not_requested(place: Place, conduct: Conduct, more: Any) -> None:
    with pytest.raises(BeyondCapabilities):
        generate(place, ask("a red ball", **more), seconds=[4])
    assert conduct.asked == []


@pytest.mark.parametrize(
    "more",
    [{"url": "http://example.org/v1"}, {"modes": ["dance"]}, {"sizes": 3}, {"surprise": 1}, {"takes": ["my_money"]}],
)
def test_an_invalid_endpoint_file_is_refused(place: Place, more: dict[str, Any]) -> None:
    with pytest.raises(EndpointRefused):
        place(**more)


def test_a_worker_generates_clips_with_an_endpoint_by_name(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place()
    monkeypatch.setenv("PLACET_REMOTE_ENGINES", f"{tmp_path / 'cloud.json'}:{tmp_path / 'missing.json'}")
    assert "cloud" in registry.names()
    line = Line([replace(ASKED, engine="cloud"), replace(ASKED, engine="cloud", width=300)])
    work(line, registry.EngineRegistry(), should_stop=lambda: line.found_empty, timeouts=line.timeouts)
    assert [report[0] for report in line.reports] == ["finished", "failed"]
