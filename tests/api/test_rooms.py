"""Likeness, notices, opt-outs, cases and engines over HTTP."""

from pathlib import Path

import pytest

from tests.api.conftest import As
from tests.support.cast import ANA, BEN, CLEO, DARA, EVE
from tests.support.fake_worker import FakeWorker

BALL = {"prompt": "a red ball bounces"}


def test_a_person_sets_who_may_use_their_likeness_and_revokes_it(by: As) -> None:
    ana = by(ANA)
    assert ana("PUT", "likeness/level", {"level": "everyone"})[1]["level"] == "everyone"
    assert ana("PUT", f"likeness/grants/{BEN}")[1]["allowed"] == [BEN]
    assert ana("DELETE", f"likeness/grants/{BEN}")[1]["allowed"] == []
    assert ana("PUT", f"likeness/blocks/{BEN}")[1]["blocked"] == [BEN]
    assert ana.post("likeness/revoke")[1]["is_revoked"] is True
    assert ana.get("likeness")[1]["is_revoked"] is True


def test_a_revocation_takes_the_clip_out_of_the_feed(by: As, worker: FakeWorker) -> None:
    by(ANA)("PUT", f"likeness/grants/{BEN}")
    _, requested = by(BEN).post("generations", {**BALL, "likenesses": ["Ana"]})
    worker.tick()
    by(BEN).post(f"generations/{requested['id']}/publish")
    worker.tick()
    assert [n["stage"] for n in by(ANA).get("notices")[1]] == ["published", "draft", "requested"]
    by(ANA).post("likeness/revoke")
    worker.tick()
    assert by(BEN).get("feed") == (200, [])


def test_a_person_removes_one_clip_that_shows_them(by: As, worker: FakeWorker) -> None:
    by(ANA)("PUT", f"likeness/grants/{BEN}")
    _, requested = by(BEN).post("generations", {**BALL, "likenesses": ["Ana"]})
    worker.tick()
    assert by(ANA).post("likeness/removals", {"generation": requested["id"]})[0] == 200
    status, body = by(BEN).post("likeness/removals", {"generation": requested["id"]})
    assert (status, body["code"]) == (403, "not_depicted")


def test_a_portrait_is_accepted(by: As) -> None:
    with Path("platform/placet/devtools/demo/portraits/astronaut.jpg").open("rb") as portrait:
        answer = by(BEN).client.post("/api/v1/likeness/portrait", {"portrait": portrait})
    assert answer.status_code == 202


def test_an_opt_out_is_filed_listed_and_ended(by: As, worker: FakeWorker) -> None:
    dara = by(DARA)
    status, filed = dara.post("opt-outs", {"names": ["Zorblax"]})
    assert (status, filed["state"]) == (201, "in_force")
    worker.tick()
    assert [row["id"] for row in dara.get("opt-outs")[1]] == [filed["id"]]
    assert by(CLEO).get(f"opt-outs/{filed['id']}")[1]["names"] == ["Zorblax"]
    assert dara("DELETE", f"opt-outs/{filed['id']}")[1]["state"] == "ended"


def test_a_filing_of_an_engine_word_is_decided_once_by_a_reviewer(by: As, worker: FakeWorker) -> None:
    assert by(DARA).post("opt-outs", {"names": ["Ball"]})[1]["state"] == "waiting"
    worker.tick()
    (case,) = by(CLEO).get("cases")[1]
    decision = {"decision": "reject", "reason": "too broad", "version": case["version"]}
    assert by(CLEO).post(f"cases/{case['id']}/decision", decision)[0] == 200
    status, body = by(CLEO).post(f"cases/{case['id']}/decision", decision)
    assert (status, body["code"]) == (409, "case_already_decided")


def test_engines_list_their_vocabulary_and_whether_they_are_renderers(by: As) -> None:
    engines = {engine["engine"]: engine for engine in by(None).get("engines")[1]}
    assert engines["scene"]["is_renderer"] is True
    assert "not a trained model" in engines["scene"]["label"]
    assert engines["small"]["is_renderer"] is False
    assert all("ball" in engine["vocabulary"]["shapes"] for engine in engines.values())


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "likeness", None),
        ("PUT", "likeness/level", {"level": "everyone"}),
        ("PUT", f"likeness/grants/{BEN}", None),
        ("DELETE", f"likeness/grants/{BEN}", None),
        ("PUT", f"likeness/blocks/{BEN}", None),
        ("POST", "likeness/revoke", None),
        ("POST", "likeness/removals", {"generation": BEN}),
        ("POST", "likeness/portrait", None),
        ("GET", "notices", None),
        ("GET", "opt-outs", None),
        ("POST", "opt-outs", {"names": ["Zorblax"]}),
        ("GET", "cases", None),
        ("POST", f"cases/{BEN}/decision", {"decision": "approve", "reason": "x", "version": 1}),
    ],
)
def test_eve_is_refused_and_a_stranger_must_sign_in(by: As, method: str, path: str, body: object) -> None:
    status, answer = by(EVE)(method, path, body)
    assert (status, answer["code"]) == (403, "not_permitted")
    status, answer = by(None)(method, path, body)
    assert (status, answer["code"]) == (401, "not_signed_in")


def test_eve_neither_sees_nor_ends_a_filing(by: As, worker: FakeWorker) -> None:
    _, filed = by(DARA).post("opt-outs", {"names": ["Zorblax"]})
    worker.tick()
    for method, code in (("GET", "not_permitted"), ("DELETE", "not_filing_owner")):
        assert by(EVE)(method, f"opt-outs/{filed['id']}")[1]["code"] == code
