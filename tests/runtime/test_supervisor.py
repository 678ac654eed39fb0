"""`make up` through the death of each process, with the real pages and one sleeper as children."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from placet.runtime.postgres.paths import cluster_paths, remove_cluster
from placet.runtime.supervisor.ensure_running import ensure_running
from placet.runtime.supervisor.managed_process import MARK
from placet.runtime.supervisor.state import SupervisorState, read_state
from placet.runtime.supervisor.supervisor import is_responding

pytestmark = pytest.mark.processes

SCRIPT = Path(__file__).parent / "small_supervisor.py"
SECONDS = 180


class Started:
    """One supervisor in a process of its own; `printed` has the objects that it printed until it was ready."""

    def __init__(self, home: Path, port: int) -> None:
        words = [sys.executable, str(SCRIPT), str(home), str(port)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.printed: list[dict[str, Any]] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed.append(json.loads(line))
            if "pid" in self.printed[-1]:
                self.state = SupervisorState(**self.printed[-1])
                return
        raise AssertionError(self.process.communicate()[1])

    def end(self) -> float:
        """Seconds until everything had ended."""
        begun = time.monotonic()
        self.process.terminate()
        self.process.communicate(timeout=SECONDS)
        return time.monotonic() - begun


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    yield home
    remove_cluster(cluster_paths(home))


@pytest.fixture
def started(home: Path) -> Iterator[Started]:
    one = Started(home, 18300)
    yield one
    one.end()


def eventually(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


def state_of(home: Path) -> SupervisorState:
    found = read_state(home)
    assert found is not None
    return found


def left_of(home: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _belongs(process, home)]


def _belongs(process: psutil.Process, home: Path) -> bool:
    try:
        return process.environ().get(MARK) == str(home) or str(cluster_paths(home).data) in process.cmdline()
    except psutil.Error:
        return False


def test_it_reports_what_runs_and_drains_within_five_seconds(home: Path, started: Started) -> None:
    assert is_responding(started.state.port)
    eventually(lambda: all(state_of(home).children.get(role) for role in ("web", "sleeper")))
    assert state_of(home).pid == started.process.pid
    assert started.end() < 5
    assert read_state(home) is None
    assert left_of(home) == []


def test_a_second_supervisor_is_refused_with_the_first_ones_address(home: Path, started: Started) -> None:
    second = placet(home, "up", "--json")
    answer = json.loads(second.stdout)
    assert (second.returncode, answer["code"]) == (1, "already_running")
    assert started.state.origin in answer["hint"]


@pytest.mark.promise("P6")
def test_a_killed_child_is_restarted(home: Path, started: Started) -> None:
    before = started.state.children["web"]
    psutil.Process(before).kill()
    eventually(lambda: state_of(home).children.get("web", before) != before)
    eventually(lambda: is_responding(started.state.port))


@pytest.mark.promise("P6")
def test_a_killed_postgresql_is_recovered(home: Path, started: Started) -> None:
    data = str(cluster_paths(home).data)
    servers = [process for process in psutil.process_iter(["cmdline"]) if data in (process.info["cmdline"] or [])]
    assert servers, "no PostgreSQL process was found to kill"
    for server in servers:
        server.kill()
    eventually(lambda: placet(home, "bootstrap", "--json").returncode == 0)


@pytest.mark.promise("P6")
def test_a_killed_supervisor_leaves_nothing_and_the_next_one_starts(home: Path, started: Started) -> None:
    assert left_of(home), "no process of this home was found before the kill"
    started.process.kill()
    started.process.communicate(timeout=SECONDS)
    eventually(lambda: left_of(home) == [])
    assert read_state(home) is None
    again = Started(home, 18300)
    assert is_responding(again.state.port)
    again.end()


def test_a_taken_port_gives_the_next_and_is_reported(home: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        taken = busy.getsockname()[1]
        one = Started(home, taken)
        one.end()
    assert one.state.port > taken
    assert any(f"Port {taken} is taken" in line.get("line", "") for line in one.printed)


def test_a_command_uses_the_running_install(home: Path, started: Started) -> None:
    with ensure_running(home) as found:
        assert found.pid == started.process.pid
    assert is_responding(started.state.port)


def placet(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PLACET_DATA_DIR": str(home)}
    command = [sys.executable, "-m", "placet", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS)
