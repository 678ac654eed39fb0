"""One real PostgreSQL per run, migrated once.

`db` (pytest-django) rolls back. `fresh_database` is a clone for what must really commit: threads, processes, triggers.
Use one of the two in a test, never both; `transaction=True` is refused, for its flush would have to empty the log.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg.conninfo import make_conninfo
from pytest_django import DjangoDbBlocker, Settings

from placet.eventlog.encryption.vault import install_vault
from placet.media.storage import blobs, private
from placet.runtime.install.paths import make_secret
from placet.runtime.postgres.dsn import ROLES, django_database
from placet.runtime.postgres.paths import cluster_paths, remove_cluster
from placet.runtime.postgres.roles import drop_database, prepare_database, prepare_roles
from placet.runtime.postgres.server import Postgres
from placet.runtime.supervisor.lockfile import Lock, Locked

pytest_plugins = [
    "tests.conformance.summary",
    "tests.support.commands",
    "tests.support.promise_results",
    "tests.support.soak_page",
    "tests.support.visitor",
]
os.environ.setdefault("OMP_NUM_THREADS", "1")
"""Several processes share the cores: threads that spin while they wait for each other take them from the others."""
LONGEST = {
    "test_acceptance",
    "test_crashes",
    "test_generation_modes",
    "test_kafka",
    "test_pages",
    "test_relay",
    "test_transports",
}
TEMPLATE = f"placet_template_{os.getpid()}"
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}


class Cluster:
    """Where tests make databases: the embedded server, or the one that `PLACET_TEST_DATABASE` names (as superuser)."""

    def __init__(self, admin_dsn: str, home: Path) -> None:
        self.admin_dsn = admin_dsn
        self.home = home

    def dsn(self, database: str, role: str = "app") -> str:
        password = make_secret(self.home, f"postgres-{role}.secret")
        return make_conninfo(self.admin_dsn, dbname=database, user=ROLES[role], password=password)

    def prepare(self) -> None:
        names = ("app", "owner")
        prepare_roles(
            self.admin_dsn, {ROLES[name]: make_secret(self.home, f"postgres-{name}.secret") for name in names}
        )


def point_django_at(dsn: str) -> None:
    """Every connection opened from here on, in every thread, goes there."""
    connections["default"].close()
    connections.settings["default"].update(django_database(dsn))


def sweep_dead_runs(mine: Path) -> None:
    """Runs that were killed could not remove their homes and servers. One of this run's processes does it for them."""
    sweeping = Lock(mine.parent / "placet-tests.lock")
    try:
        sweeping.acquire()
    except Locked:
        return
    for home in mine.parent.glob("placet-tests-*"):
        pid = home.name.split("-")[2]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            remove_cluster(cluster_paths(home))
            shutil.rmtree(home, ignore_errors=True)
    sweeping.release()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    home = Path(settings.PLACET_DATA_DIR)
    if given := os.environ.get("PLACET_TEST_DATABASE"):
        outside = Cluster(given, home)
        outside.prepare()
        yield outside
        return
    sweep_dead_runs(home)
    server = Postgres(home, QUICK)
    server.start()
    yield Cluster(server.admin_dsn(), home)
    server.stop()
    remove_cluster(server.paths)


@pytest.fixture(scope="session")
def template(cluster: Cluster, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The name of a migrated, empty database that nobody is connected to."""
    prepare_database(cluster.admin_dsn, TEMPLATE)
    with django_db_blocker.unblock():
        point_django_at(cluster.dsn(TEMPLATE, "owner"))
        call_command("migrate", verbosity=0, interactive=False)
        connections["default"].close()
    yield TEMPLATE
    drop_database(cluster.admin_dsn, TEMPLATE)


@pytest.fixture(scope="session")
def django_db_setup(cluster: Cluster, template: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """What pytest-django's `db` works in: one clone, every test rolled back."""
    name = f"placet_rollback_{os.getpid()}"
    prepare_database(cluster.admin_dsn, name, template=template)
    with django_db_blocker.unblock():
        point_django_at(cluster.dsn(name))
    yield
    with django_db_blocker.unblock():
        connections["default"].close()
    drop_database(cluster.admin_dsn, name)


@pytest.fixture
def fresh_database(
    cluster: Cluster, template: str, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The connection string (application's role) of a clone of its own; Django and child processes go there."""
    name = f"placet_fresh_{uuid4().hex[:12]}"
    prepare_database(cluster.admin_dsn, name, template=template)
    before = dict(connections.settings["default"])
    monkeypatch.setenv("PLACET_DATABASE_URL", cluster.dsn(name))
    monkeypatch.setenv("PLACET_MIGRATION_DATABASE_URL", cluster.dsn(name, "owner"))
    with django_db_blocker.unblock():
        point_django_at(cluster.dsn(name))
        yield cluster.dsn(name)
        connections["default"].close()
        connections.settings["default"].update(before)
    drop_database(cluster.admin_dsn, name)


@pytest.fixture
def own_home(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A home of this test's own, with the same keys, for what must not outlive it: erased people, mails, restores."""
    home = tmp_path / "home"
    shutil.copytree(Path(settings.PLACET_DATA_DIR) / "keys", home / "keys")
    settings.PLACET_DATA_DIR, settings.EMAIL_FILE_PATH = home, home / "mail"
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    kept = (install_vault, blobs, private)
    for one in kept:
        one.cache_clear()
    yield home
    for one in kept:
        one.cache_clear()


@pytest.fixture
def owner_dsn(fresh_database: str) -> str:
    """The same clone as `fresh_database`, as the role that owns the tables."""
    return os.environ["PLACET_MIGRATION_DATABASE_URL"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: where several processes share the tests, none is left with one of them at the end."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)
    flushing = [
        item.nodeid for item in items if any(m.kwargs.get("transaction") for m in item.iter_markers("django_db"))
    ]
    if flushing:
        raise pytest.UsageError(f"use `fresh_database` instead of transaction=True: {', '.join(flushing)}")


def pytest_sessionfinish() -> None:
    shutil.rmtree(settings.PLACET_DATA_DIR, ignore_errors=True)
