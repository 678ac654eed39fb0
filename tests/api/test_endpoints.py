"""Rules of every endpoint: idempotency keys, tokens, CSRF, errors with a code and never a 500."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from rest_framework.exceptions import Throttled

from placet.media.errors import UnreadableMedia
from placet.people.models import Account
from placet.people.tokens import token_for
from tests.api.conftest import As
from tests.support.cast import ANA, BEN, DARA
from tests.support.fake_worker import FakeWorker

BALL = {"prompt": "a red ball bounces"}
DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.yaml"


def test_a_repeated_key_is_one_command_with_the_same_response(by: As, worker: FakeWorker) -> None:
    first = by(BEN).post("generations", BALL, **{"Idempotency-Key": "k1"})
    before = worker.scenario.log.last_position
    worker.tick()
    assert by(BEN).post("generations", BALL, **{"Idempotency-Key": "k1"}) == first
    worker.scenario.driver.run()
    assert len(by(BEN).get("generations")[1]) == 1
    assert worker.scenario.log.last_position > before


def test_a_key_whose_response_was_lost_writes_nothing_twice(by: As, worker: FakeWorker) -> None:
    from placet.people.models import IdempotencyKeyRow

    _, first = by(BEN).post("generations", BALL, **{"Idempotency-Key": "k1"})
    IdempotencyKeyRow.objects.update(status=None, response=None)
    _, again = by(BEN).post("generations", BALL, **{"Idempotency-Key": "k1"})
    worker.tick()
    assert first["id"] == again["id"]
    assert len(by(BEN).get("generations")[1]) == 1


def test_the_same_key_with_another_body_is_refused(by: As) -> None:
    by(BEN).post("generations", BALL, **{"Idempotency-Key": "k1"})
    status, body = by(BEN).post("generations", {"prompt": "a cube"}, **{"Idempotency-Key": "k1"})
    assert (status, body["code"]) == (422, "idempotency_key_reused")


def test_two_people_may_use_the_same_key(by: As) -> None:
    ids = {by(person).post("generations", BALL, **{"Idempotency-Key": "k1"})[1]["id"] for person in (ANA, BEN)}
    assert len(ids) == 2


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
def test_an_invalid_key_is_refused(by: As, key: str) -> None:
    status, body = by(BEN).post("generations", BALL, **{"Idempotency-Key": key})
    assert (status, body["code"]) == (400, "idempotency_key_invalid")


def test_a_refused_command_may_be_sent_again_under_its_key(by: As) -> None:
    key = {"Idempotency-Key": "k1"}
    filing = {"names": ["Zorblax"], "until": "soon"}
    assert by(DARA).post("opt-outs", filing, **key)[1]["code"] == "filing_invalid"
    assert by(DARA).post("opt-outs", filing, **key)[1]["code"] == "filing_invalid"


def test_a_bearer_token_signs_in_its_person(by: As) -> None:
    token, _ = token_for(BEN, 1)
    assert by(None)("POST", "generations", BALL, Authorization=f"Bearer {token}")[0] == 202


@pytest.mark.parametrize("token", ["", "x", "a b", "{}", "\u00fc"])
def test_a_forged_token_is_refused(by: As, token: str) -> None:
    status, body = by(None)("GET", "generations", Authorization=f"Bearer {token}")
    assert (status, body["code"]) == (401, "token_invalid")


def test_an_expired_token_is_refused(by: As, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    from placet.people import tokens

    token, ends = token_for(BEN, 1)

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> "Later":
            return cls.fromtimestamp(ends.timestamp(), UTC)

    monkeypatch.setattr(tokens, "datetime", Later)
    assert by(None)("GET", "generations", Authorization=f"Bearer {token}")[0] == 401


@pytest.mark.usefixtures("worker")
def test_a_session_needs_its_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(Account.objects.get(person=BEN), "django.contrib.auth.backends.ModelBackend")
    answer = client.post("/api/v1/generations", BALL, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed"),
        (b"\xff\xfe", 400, "malformed"),
        (b"[" * 100_000, 400, "malformed"),
        (b'{"prompt": NaN}', 400, "malformed"),
        (b"[]", 400, "invalid"),
        (b"null", 400, "invalid"),
        ({}, 400, "invalid"),
        ({"prompt": "x" * 100_000}, 400, "invalid"),
        ({"prompt": "a\x00b"}, 400, "invalid"),
        (b'{"prompt": "a\\ud800b"}', 400, "invalid"),
        ({**BALL, "likenesses": "Ana"}, 400, "invalid"),
        ({**BALL, "likenesses": ["\x00"]}, 400, "invalid"),
        ({**BALL, "parent": "nonsense"}, 400, "invalid"),
        ({**BALL, "parent": BEN}, 404, "generation_not_found"),
        ({**BALL, "seconds": "nan"}, 400, "invalid"),
        ({**BALL, "seconds": 1e308}, 422, "clip_too_long"),
        ({**BALL, "seconds": [1]}, 400, "invalid"),
        ({**BALL, "size": "huge"}, 400, "invalid"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_an_invalid_body_has_a_code(by: As, body: object, status: int, code: str) -> None:
    for headers in ({}, {"Idempotency-Key": "k1"}):
        answered, answer = by(BEN).post("generations", body, **headers)
        assert (answered, answer["code"]) == (status, code)
        assert answer["hint"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "generations/nonsense", 404, "malformed_id"),
        ("GET", "generations/%00", 404, "malformed_id"),
        ("GET", f"generations/{BEN}", 404, "generation_not_found"),
        ("POST", f"generations/{BEN}/publish", 404, "generation_not_found"),
        ("POST", f"generations/{BEN}/cancel", 404, "generation_not_found"),
        ("GET", "nowhere", 404, "not_found"),
        ("POST", "nowhere/at/all", 404, "not_found"),
        ("DELETE", "generations", 405, "method_not_allowed"),
        ("GET", "feed?before=x", 400, "invalid"),
        ("PUT", "likeness/grants/nonsense", 404, "malformed_id"),
        ("PUT", f"likeness/grants/{'0' * 32}", 404, "person_not_found"),
        ("PUT", f"likeness/grants/{ANA}", 404, "likeness_unknown"),
    ],
)
def test_an_unknown_url_has_a_code(by: As, method: str, path: str, status: int, code: str) -> None:
    answered, body = by(BEN)(method, path)
    assert (answered, body["code"]) == (status, code)


def test_a_body_of_another_type_has_a_code(by: As) -> None:
    answer = by(BEN).client.post("/api/v1/generations", "<a/>", content_type="text/xml")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_a_body_that_is_too_large_is_not_read(by: As) -> None:
    status, body = by(BEN).post("generations", b" " * (12 * 1024 * 1024))
    assert (status, body["code"]) == (413, "body_too_large")


def problem(answer: Any, status: int, code: str) -> None:
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["type"] == "about:blank"
    assert body["title"] == HTTPStatus(status).phrase
    assert body["detail"]
    assert body["hint"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", "/api/v1/generations", {"Authorization": "Bearer x"}, 401, "token_invalid"),
        ("GET", "/api/v1/cases", {}, 403, "not_permitted"),
        ("GET", "/api/v1/nowhere", {}, 404, "not_found"),
        ("GET", "/api/nowhere", {}, 404, "not_found"),
        ("DELETE", "/api/v1/generations", {}, 405, "method_not_allowed"),
        ("GET", "/api/v1/generations", {"Accept": "text/csv"}, 406, "not_acceptable"),
        ("POST", "/api/v1/generations", {"Content-Length": str(12 * 1024 * 1024)}, 413, "body_too_large"),
        ("POST", "/api/v1/generations", {"Content-Type": "text/xml"}, 415, "unsupported_media_type"),
        ("POST", "/api/v1/generations", {}, 400, "invalid"),
    ],
)
def test_every_error_is_a_problem(  # noqa: PLR0917  one row of the table
    by: As, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    kind = headers.pop("Content-Type", "application/json")
    body = "<a/>" if kind == "text/xml" else "{}"
    problem(by(BEN).client.generic(method, path, body, kind, headers=headers), status, code)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OperationalError("gone"), 503, "database_unavailable"),
        (Throttled(3), 429, "too_many_requests"),
        (UnreadableMedia("media_too_long"), 422, "media_too_long"),
        (ValueError("a canary"), 500, "internal_error"),
    ],
)
def test_an_error_inside_a_view_is_a_problem_too(
    by: As, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    from placet.studio import api

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(api.Generations, "get", fail)
    client = by(BEN).client
    client.raise_request_exception = False
    answer = client.get("/api/v1/generations")
    problem(answer, status, code)
    assert b"canary" not in answer.content


def test_the_rate_limit_is_per_person(by: As, monkeypatch: pytest.MonkeyPatch) -> None:
    from rest_framework.throttling import UserRateThrottle

    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"user": "2/min"})
    statuses = [by(BEN).get("notices")[0] for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert by(ANA).get("notices")[0] == 200


def test_the_openapi_page_matches_the_schema(tmp_path: Path) -> None:
    generated = tmp_path / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(generated))
    assert DOCUMENT.read_text() == generated.read_text(), "regenerate it: placet spectacular --file docs/openapi.yaml"
