"""A promise is proved by all of its tests on this very commit, or it is not proved."""

import json
from pathlib import Path
from typing import Any

import pytest

from placet.web.promises import GAPS, PROMISES, PromiseStatus, proofs
from tests.support.promise_results import TESTS, keep, marked, note

HERE = "a" * 40


def result(*outcomes: str, commit: str = HERE) -> dict[str, Any]:
    tests = [{"name": f"test_{n}", "outcome": outcome} for n, outcome in enumerate(outcomes)]
    return {"P3": {"tests": tests, "commit": commit, "at": "2026-01-02T03:04:05+00:00"}}


def third(found: dict[str, Any], code: str = HERE) -> PromiseStatus:
    return proofs(found, code)[2]


def test_all_tests_passed_on_this_commit_is_a_proof() -> None:
    proof = third(result("passed", "passed"))
    assert (proof.name, proof.is_proved, proof.tests, proof.reason) == ("P3", True, 2, "")


@pytest.mark.parametrize(
    ("found", "code", "is_proved", "why"),
    [
        ({}, HERE, None, "no test"),
        (result("passed", "failed"), HERE, False, "1 of 2 tests failed"),
        (result("passed", "skipped", "not run"), HERE, None, "2 of 3 tests did not run"),
        (result("passed"), "b" * 40, None, "the tests ran on aaaaaaaaa, the code is at bbbbbbbbb"),
        (result("passed"), f"{HERE}+changes", None, "uncommitted changes"),
        (result("passed", commit=f"{HERE}+changes"), f"{HERE}+changes", None, "uncommitted changes"),
        (result("passed", commit=""), "", None, "no git history"),
    ],
)
def test_any_other_result_is_no_proof(found: dict[str, Any], code: str, is_proved: object, why: str) -> None:
    proof = third(found, code)
    assert proof.is_proved is is_proved
    assert why in proof.reason


def test_a_promise_with_a_gap_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GAPS, "P3", "half of it is not written")
    proof = third(result("passed"))
    assert (proof.is_proved, proof.reason) == (None, "half of it is not written")


def test_the_worst_of_phases_and_parameters_counts() -> None:
    noted: dict[str, str] = {}
    for nodeid, outcome in [("t::one[a]", "passed"), ("t::one[b]", "failed"), ("t::one[c]", "passed")]:
        note(noted, nodeid, outcome)
    assert noted == {"t::one": "failed"}


def test_runs_of_one_commit_add_up_and_another_starts_over(tmp_path: Path) -> None:
    file, tests = tmp_path / "promises.json", {"P3": {"one", "two"}}
    keep(file, {"P3": {"one": "passed"}}, tests, HERE)
    assert outcomes(file) == {"one": "passed", "two": "not run"}
    keep(file, {"P3": {"two": "passed"}}, tests, HERE)
    assert outcomes(file) == {"one": "passed", "two": "passed"}
    keep(file, {"P3": {"two": "passed"}}, tests, "b" * 40)
    assert outcomes(file) == {"one": "not run", "two": "passed"}


def test_marks_are_read_from_the_source(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(
        'pytestmark = [pytest.mark.x, pytest.mark.promise("P1")]\n'
        '@pytest.mark.promise("P2", "P3")\ndef test_one(): ...\ndef test_two(): ...\ndef helper(): ...\n'
    )
    one, two = (f"{tmp_path.name}/test_some.py::test_{n}" for n in ("one", "two"))
    assert marked(tmp_path) == {"P1": {one, two}, "P2": {one}, "P3": {one}}


def test_every_mark_names_a_promise() -> None:
    assert set(marked(TESTS)) <= set(PROMISES)


def outcomes(file: Path) -> dict[str, str]:
    return {test["name"]: test["outcome"] for test in json.loads(file.read_text())["P3"]["tests"]}
