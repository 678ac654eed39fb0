import json
from pathlib import Path

import pytest
from django.core.management import call_command

from placet.operations.doctor import heavy_checks
from placet.operations.doctor.checks import CheckResult, is_fit, kafka, keys, postgresql
from placet.operations.doctor.heavy_checks import Probe, run_probe
from placet.runtime.install.provision import make_keys


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """No library is loaded: the probes are not under test here."""
    for name, probe in heavy_checks.PROBES.items():
        quick = Probe("print('[true, \"works\"]')", probe.if_absent, probe.hint)
        monkeypatch.setitem(heavy_checks.PROBES, name, quick)


@pytest.mark.usefixtures("light")
def test_it_prints_one_object_and_each_problem_has_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("doctor", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert {"Python", "Disk", "Clock", "Ports", "Keys", "PostgreSQL", "Codecs", "Models", "Faces"} <= {
        row["name"] for row in answer["checks"]
    }
    assert all(row["hint"] for row in answer["checks"] if row["health"] != "ok")


def test_a_library_that_ends_its_process_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(heavy_checks.PROBES, "Faces", Probe("print('a hint'); quit()", "warning", "make setup"))
    assert run_probe("Faces") == ("Faces", "warning", "it ended without output", "make setup")


def test_keys_that_others_can_read_fail_with_a_hint(tmp_path: Path) -> None:
    make_keys(tmp_path)
    assert keys(tmp_path).health == "ok"
    (tmp_path / "keys" / "vault.key").chmod(0o644)
    found = keys(tmp_path)
    assert (found.health, found.hint) == ("failed", f"chmod 600 {tmp_path / 'keys' / 'vault.key'}")
    assert not is_fit([found])


def test_a_server_that_is_not_running_yet_is_no_failure(tmp_path: Path) -> None:
    assert is_fit([postgresql(tmp_path), CheckResult("Disk", "ok", "roomy")])


def test_postgresql_reports_the_difference_between_clocks(fresh_database: str, tmp_path: Path) -> None:
    assert fresh_database
    assert postgresql(tmp_path).message.endswith("ms apart")


def test_brokers_that_do_not_respond_fail_with_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kafka(tmp_path).health == "ok", "the embedded transport needs none"
    monkeypatch.setenv("PLACET_TRANSPORT", "kafka")
    monkeypatch.setenv("PLACET_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    found = kafka(tmp_path)
    assert (found.health, found.message) == ("failed", "no response at 127.0.0.1:1")
    assert found.hint == "start the brokers that PLACET_KAFKA_BOOTSTRAP_SERVERS names"


def test_our_own_broker_starts_with_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACET_TRANSPORT", "kafka")
    monkeypatch.delenv("PLACET_KAFKA_BOOTSTRAP_SERVERS", raising=False)
    found = kafka(tmp_path)
    assert found.health == "warning" or "make kafka" in found.hint or "jre" in found.hint
