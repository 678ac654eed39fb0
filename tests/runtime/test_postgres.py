"""The embedded server after each kind of death. Real processes, on both PostgreSQL versions."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from placet.runtime.postgres.dsn import dsn
from placet.runtime.postgres.paths import PostgresUnavailable, remove_cluster
from placet.runtime.postgres.server import Postgres

pytestmark = pytest.mark.processes

BOUND_SECONDS = 120.0
OLDER = Path("/usr/lib/postgresql/15/bin")
NO_OLDER = pytest.mark.skipif(not OLDER.exists(), reason="PostgreSQL 15 is missing: apt-get install postgresql-15")


@pytest.fixture(scope="module", params=["packed", pytest.param("older", marks=NO_OLDER)])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patched:
        if request.param == "older":
            patched.setenv("PLACET_PG_BIN", str(OLDER))
        home = tmp_path_factory.mktemp("home")
        yield home
        remove_cluster(Postgres(home).paths)


@pytest.fixture
def server(home: Path) -> Iterator[Postgres]:
    """A started server; it is stopped whatever the test does to it."""
    made = Postgres(home)
    made.start()
    yield made
    made.stop()


def write(home: Path, word: str) -> None:
    with psycopg.connect(dsn(home, "owner")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [word])


def written(home: Path) -> list[str]:
    with psycopg.connect(dsn(home, "owner")) as connection:
        return [word for (word,) in connection.execute("SELECT word FROM kept ORDER BY word")]


def all_of(server: Postgres) -> list[psutil.Process]:
    assert server.process is not None
    head = psutil.Process(server.process.pid)
    return [head, *head.children()]


def test_committed_rows_survive_a_stop_and_a_kill_of_everything(server: Postgres) -> None:
    home = server.home
    write(home, "before the stop")
    server.stop()
    server.start()
    write(home, "before the kill")
    everything = all_of(server)
    for process in everything:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(everything, timeout=BOUND_SECONDS)
    server.start()
    assert written(home) == ["before the kill", "before the stop"]


def test_helpers_of_a_killed_server_end_before_the_next_start(server: Postgres) -> None:
    head, *helpers = all_of(server)
    assert helpers, "no helper process was found to suspend"
    for helper in helpers:
        with suppress(psutil.NoSuchProcess):  # some are short-lived
            helper.suspend()
    head.kill()
    head.wait(BOUND_SECONDS)
    server.start()
    assert not any(helper.is_running() and helper.status() != psutil.STATUS_ZOMBIE for helper in helpers)


def test_a_pid_file_of_another_process_does_not_stop_a_start(server: Postgres) -> None:
    server.stop()
    (server.paths.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.paths.data}\n")
    server.start()
    assert server.is_running()


def test_a_second_process_may_not_run_the_same_server(server: Postgres) -> None:
    with pytest.raises(PostgresUnavailable, match="Another process"):
        Postgres(server.home).start()


def test_it_dies_with_the_process_that_started_it(home: Path) -> None:
    script = f"""
from pathlib import Path; from placet.runtime.postgres.server import Postgres
server = Postgres(Path({str(home)!r})); server.start(); print(server.process.pid, flush=True); input()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stdin=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    server.wait(BOUND_SECONDS)


def test_it_listens_on_no_network_and_needs_a_password(server: Postgres) -> None:
    assert not all_of(server)[0].net_connections("inet")
    assert stat.S_IMODE(server.paths.sockets.stat().st_mode) == 0o700
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(dsn(server.home), password="wrong")
    with psycopg.connect(server.admin_dsn()) as connection:
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)


@NO_OLDER
def test_programs_of_another_version_never_touch_the_data(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    server.stop()
    if server.paths.binaries == OLDER:
        monkeypatch.delenv("PLACET_PG_BIN")
    else:
        monkeypatch.setenv("PLACET_PG_BIN", str(OLDER))
    with pytest.raises(PostgresUnavailable, match="was written by PostgreSQL"):
        Postgres(server.home).start()


def test_a_folder_that_another_user_prepared_is_refused(tmp_path: Path) -> None:
    paths = Postgres(tmp_path).paths
    paths.sockets.chmod(0o777)
    with pytest.raises(PostgresUnavailable, match="not a private folder"):
        Postgres(tmp_path)
    remove_cluster(paths)
