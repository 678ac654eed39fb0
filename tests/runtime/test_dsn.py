import psycopg
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection


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
