"""`placet bias-audit` reads labels, and reports that an engine draws no people."""

import csv
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from generator.evaluation.audit import questions


def audit(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    with suppress(SystemExit):
        call_command("bias_audit", *words, "--json")
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def labels(file: Path, women_each: int) -> str:
    """Labels by which so many of each ten clips of a template show a woman."""
    with file.open("w", newline="") as lines:
        rows = [(one.name, "woman" if one.seed < women_each else "man") for one in questions()]
        csv.writer(lines).writerows([("question", "label"), *rows])
    return str(file)


@pytest.mark.parametrize("women_each", [5, 9])
def test_labels_are_read_and_a_skew_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str], women_each: int) -> None:
    found = audit(capsys, "--labels", labels(tmp_path / "labels.csv", women_each))
    assert found["ok"] is (women_each == 5)
    assert len(found["findings"]) == 20
    assert {row["share"] for row in found["findings"]} == {women_each / 10}


def test_an_engine_without_people_is_reported_with_its_colours(capsys: pytest.CaptureFixture[str]) -> None:
    """The renderer takes red where no colour is named, so the audit fails: the control."""
    found = audit(capsys, "--engine", "scene", "--clips", "4")
    assert "draws no people" in found["why"]
    assert (found["ok"], found["colours"], found["entropy_bits"]) == (False, {"red": 4}, 0.0)
