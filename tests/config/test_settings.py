"""Settings from the environment: an old name is reported, never ignored in silence."""

import re
from pathlib import Path

import pytest
from django.core.checks import run_checks

from placet.runtime.install.renamed_settings import RENAMED, renamed_settings
from placet.runtime.supervisor.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2]
OLD = "PLACET_" + "HOSTS"
SENTENCE = f"{OLD} is set but no longer read. Set PLACET_ALLOWED_HOSTS instead."


def test_an_old_name_that_is_set_is_reported_with_the_new_one() -> None:
    assert renamed_settings({OLD: "x", "PLACET_ORIGIN": "y"}) == [SENTENCE]
    assert renamed_settings({"PLACET_ALLOWED_HOSTS": "x"}) == []


def test_every_new_name_is_a_setting_and_no_old_one_is() -> None:
    documented = set(re.findall(r"^\| `PLACET_([A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))
    assert set(RENAMED.values()) <= documented
    assert not set(RENAMED) & documented


def test_django_checks_report_an_old_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OLD, "placet.example.org")
    assert [found.msg for found in run_checks() if found.id == "placet.W001"] == [SENTENCE]


def test_the_supervisor_reports_an_old_name_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OLD, "placet.example.org")
    lines: list[str] = []

    def fail(_home: Path) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Supervisor(tmp_path, install=fail).run(lines.append, lambda _state: None)
    assert lines == [SENTENCE]
