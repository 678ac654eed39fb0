from pathlib import Path

import psycopg
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from placet.runtime.postgres.dsn import django_database, dsn


@pytest.mark.django_db
def test_a_test_that_rolls_back_runs_as_the_application() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('transaction_isolation')")
        assert cursor.fetchone() == ("placet_app", "read committed")
    ContentType.objects.create(app_label="left", model="behind")


@pytest.mark.django_db
def test_a_test_that_rolls_back_leaves_nothing() -> None:
    assert not ContentType.objects.filter(app_label="left").exists()


def test_a_fresh_database_takes_real_commits(fresh_database: str) -> None:
    ContentType.objects.create(app_label="really", model="committed")
    with psycopg.connect(fresh_database) as other:
        assert other.execute("SELECT 1 FROM django_content_type WHERE app_label = 'really'").fetchone()


def test_the_application_cannot_change_tables(fresh_database: str) -> None:
    with psycopg.connect(fresh_database) as connected, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connected.execute("CREATE TABLE of_mine (id int)")


def test_the_owner_can(owner_dsn: str) -> None:
    with psycopg.connect(owner_dsn) as connected:
        connected.execute("CREATE TABLE of_mine (id int)")


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://ana:p%40ss@db.example.org:6432/placet?sslmode=require&connect_timeout=3",
        "host=db.example.org port=6432 dbname=placet user=ana password=p@ss sslmode=require connect_timeout=3",
    ],
    ids=["url", "key=value"],
)
def test_a_url_and_a_conninfo_name_the_same_database(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLACET_DATABASE_URL", given)
    monkeypatch.delenv("PLACET_MIGRATION_DATABASE_URL", raising=False)
    for role in ("app", "owner"):
        found = django_database(dsn(tmp_path, role))
        assert [found[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
            "placet", "ana", "p@ss", "db.example.org", "6432",
        ]  # fmt: skip
        assert (found["OPTIONS"]["sslmode"], found["OPTIONS"]["connect_timeout"]) == ("require", "3")


def test_migrations_have_a_database_url_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACET_DATABASE_URL", "postgresql://app@localhost/placet")
    monkeypatch.setenv("PLACET_MIGRATION_DATABASE_URL", "postgresql://owner@localhost/placet")
    assert [django_database(dsn(tmp_path, role))["USER"] for role in ("app", "owner")] == ["app", "owner"]
