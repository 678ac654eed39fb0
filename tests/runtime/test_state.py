"""How other commands find a running install."""

import os
from pathlib import Path

import pytest

from placet.runtime.supervisor.state import SupervisorState, only_one, read_state, transport_in, write_state


@pytest.fixture
def over_kafka(monkeypatch: pytest.MonkeyPatch) -> SupervisorState:
    monkeypatch.delenv("PLACET_TRANSPORT", raising=False)
    return SupervisorState(os.getpid(), 1, 2, "http://localhost:1", ready=True, transport="kafka")


def test_a_command_uses_the_transport_of_the_running_install(tmp_path: Path, over_kafka: SupervisorState) -> None:
    assert transport_in(tmp_path) == "embedded"
    with only_one(tmp_path):
        write_state(tmp_path, over_kafka)
        assert transport_in(tmp_path) == "kafka"
    assert transport_in(tmp_path) == "embedded"


def test_the_environment_overrides_the_running_install(
    tmp_path: Path, over_kafka: SupervisorState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLACET_TRANSPORT", "embedded")
    with only_one(tmp_path):
        write_state(tmp_path, over_kafka)
        assert transport_in(tmp_path) == "embedded"


def test_the_file_of_a_killed_supervisor_is_ignored(tmp_path: Path, over_kafka: SupervisorState) -> None:
    (tmp_path / "run").mkdir()
    write_state(tmp_path, over_kafka)
    assert read_state(tmp_path) is None
    assert transport_in(tmp_path) == "embedded"
