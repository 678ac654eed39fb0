"""An install whose tables an earlier release created: one sentence, nothing changed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from placet.runtime.install.earlier_release import refuse_earlier_release
from placet.runtime.install.provision import provision
from placet.runtime.postgres.paths import cluster_paths, remove_cluster
from placet.runtime.postgres.roles import drop_database, prepare_database
from placet.runtime.postgres.server import running_postgres
from tests.conftest import Cluster

OLD_LOG = """
CREATE TABLE event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream text NOT NULL, sealed bytea);
CREATE TABLE event_position (position bigint PRIMARY KEY, id bigint NOT NULL UNIQUE);
INSERT INTO event (stream) VALUES ('generation-1');
"""
OLD_MIGRATIONS = """
CREATE TABLE django_migrations (id bigint PRIMARY KEY, app text, name text, applied timestamptz);
INSERT INTO django_migrations VALUES (1, 'eventlog', '0001_log', now()), (2, 'feed', '0001_initial', now());
"""
SENTENCE = "This install was made by an earlier release whose tables cannot be migrated; nothing was changed."
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
Placet = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def owner(cluster: Cluster) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """The owner of an empty database."""
    name = f"placet_earlier_{uuid4().hex[:12]}"
    prepare_database(cluster.admin_dsn, name)
    with psycopg.connect(cluster.dsn(name, "owner"), autocommit=True) as connection:
        yield connection
    drop_database(cluster.admin_dsn, name)


@pytest.fixture
def placet(cluster: Cluster, owner: psycopg.Connection[tuple[object, ...]]) -> Placet:
    """Runs a command on that database, in a process of its own."""
    name = str(conninfo_to_dict(owner.info.dsn)["dbname"])
    site = {"PLACET_DATABASE_URL": cluster.dsn(name), "PLACET_MIGRATION_DATABASE_URL": cluster.dsn(name, "owner")}

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return _placet(site, *words)

    return run


def _placet(site: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "placet", *words]
    return subprocess.run(command, env={**os.environ, **site}, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("old", [OLD_LOG, OLD_MIGRATIONS, OLD_LOG + OLD_MIGRATIONS])
def test_old_tables_are_refused_and_left_unchanged(
    owner: psycopg.Connection[tuple[object, ...]], placet: Placet, old: str
) -> None:
    for statement in filter(str.strip, old.split(";\n")):
        owner.execute(statement)
    before = owner.execute(TABLES).fetchall()
    done = placet("bootstrap", "--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["ok"], answer["code"]) == (1, False, "install_too_old")
    assert SENTENCE in answer.values()
    assert "Traceback" not in done.stderr
    assert owner.execute(TABLES).fetchall() == before


@pytest.mark.parametrize("command", ["bootstrap", "migrate", "up"])
def test_every_command_that_migrates_says_one_sentence(
    owner: psycopg.Connection[tuple[object, ...]], placet: Placet, command: str
) -> None:
    for statement in filter(str.strip, OLD_LOG.split(";\n")):
        owner.execute(statement)
    done = placet(command)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2] == SENTENCE
    assert done.stderr.splitlines()[-1].endswith("name an empty database in PLACET_DATABASE_URL, then placet up")
    assert "Traceback" not in done.stderr
    assert owner.execute("SELECT to_regclass('eventlog_event')").fetchone() == (None,)


def test_an_empty_database_is_not_refused(owner: psycopg.Connection[tuple[object, ...]], placet: Placet) -> None:
    done = placet("migrate", "--verbosity", "0")
    assert (done.returncode, done.stderr) == (0, "")
    assert owner.execute("SELECT count(*) FROM eventlog_event").fetchone() == (0,)
    refuse_earlier_release(Path("var"), owner.cursor())
    assert placet("migrate", "--verbosity", "0").returncode == 0, "nor is one of this release"


@pytest.mark.processes
@pytest.mark.parametrize("command", ["up", "demo"])
def test_an_old_install_is_refused_with_the_command_to_start_again(tmp_path: Path, command: str) -> None:
    home = tmp_path / "var"
    provision(home)
    try:
        with running_postgres(home) as server, psycopg.connect(server.admin_dsn("placet")) as admin:
            admin.execute(OLD_LOG)
        done = _placet({"PLACET_DATA_DIR": str(home)}, command, "--json")
    finally:
        remove_cluster(cluster_paths(home))
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["ok"], answer["code"]) == (1, False, "install_too_old")
    assert any(f"mv {home} {home}.old" in str(value) for value in answer.values())
    assert "Traceback" not in done.stderr
