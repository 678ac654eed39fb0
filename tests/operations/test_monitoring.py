"""Monitoring: snapshots of a real database, access to them, and documentation for every alert and every metric."""

import re
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from placet.cli.command import CommandFailed
from placet.operations.monitoring.alerts import ALERT_RULES, active_alerts
from placet.operations.monitoring.collector import take_snapshot
from placet.operations.monitoring.metrics import METRICS, exposition
from placet.operations.monitoring.snapshot import (
    Backlog,
    ComponentProgress,
    Disk,
    GenerationJobs,
    JobStatus,
    Keys,
    Snapshot,
)
from placet.people.models import Account
from placet.people.tokens import token_for
from placet.runtime.supervisor.process_table import ROLES
from tests.support.cast import BEN, CLEO
from tests.support.commands import Placet
from tests.support.fake_worker import FakeWorker
from tests.support.visitor import BACKEND

ROOT = Path(__file__).resolve().parents[2]
HERE: dict[str, Any] = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:8000"}
EXPIRY = datetime(2027, 1, 1, tzinfo=UTC)
IDLE = ComponentProgress(9, 0, 0.0)
HEALTHY = Snapshot(
    position=9, transport="embedded", sequencer=Backlog(), projections={"feed.clips": IDLE},
    consumers={"notices.mail": IDLE}, followers={"tree_head": IDLE, "relay": IDLE},
    dead_letters={}, outbox={"mail": {"done": 3}}, outbox_overdue={},
    generation_jobs=GenerationJobs(0, 0.0, Backlog()), cases=Backlog(), processes=dict.fromkeys(ROLES, 1),
    up_seconds=90.0, keys=Keys(10, 300, EXPIRY),
    disk=Disk(2**40, 0.5),
    jobs={"blob_gc": JobStatus(60.0, {"removed": 0}), "check_projections": JobStatus(60.0, {"differences": {}})},
)  # fmt: skip
PROBLEMS: dict[str, dict[str, Any]] = {
    "process_down": {"processes": {"sequencer": 1}},
    "sequencer_stalled": {"sequencer": Backlog(3, 9.0)},
    "unknown_event_type": {"consumers": {"notices.mail": replace(IDLE, seconds=9.0, waits_for_type="a.b_c.v9")}},
    "projection_outdated": {"projections": {"feed.clips": replace(IDLE, is_outdated=True)}},
    "projection_lagging": {"projections": {"feed.clips": replace(IDLE, lag=4, seconds=6.0)}},
    "projection_inconsistent": {"jobs": {"check_projections": JobStatus(60.0, {"differences": {"feed.clips": 2}})}},
    "consumer_lagging": {"consumers": {"notices.mail": replace(IDLE, lag=4, seconds=61.0)}},
    "relay_lagging": {"followers": {"tree_head": IDLE, "relay": replace(IDLE, lag=4, seconds=6.0)}},
    "tree_head_stale": {"followers": {"tree_head": replace(IDLE, lag=4, seconds=61.0)}},
    "dead_letters": {"dead_letters": {"notices.mail": Backlog(2, 5.0)}},
    "outbox_failed": {"outbox": {"mail": {"failed": 1}}},
    "outbox_overdue": {"outbox_overdue": {"mail": Backlog(1, 90.0)}},
    "jobs_starved": {"generation_jobs": GenerationJobs(0, 0.0, Backlog(2, 90.0))},
    "case_overdue": {"cases": Backlog(1, 100_000.0)},
    "certificate_expiring": {"keys": Keys(340, 20, EXPIRY)},
    "disk_low": {"disk": Disk(2**30, 0.3)},
    "job_missed": {"jobs": {"blob_gc": JobStatus(100_000.0, {})}},
}


def test_a_healthy_install_has_no_alert() -> None:
    assert active_alerts(HEALTHY) == []


@pytest.mark.parametrize("code", list(ALERT_RULES))
def test_each_problem_raises_its_own_alert_with_a_hint(code: str) -> None:
    (alert,) = {found.code: found for found in active_alerts(replace(HEALTHY, **PROBLEMS[code]))}.values()
    assert alert.code == code
    assert alert.message.endswith(".")
    assert alert.hint


def test_every_alert_has_a_runbook_page_with_the_same_four_parts() -> None:
    assert {path.stem for path in (ROOT / "docs" / "runbook").glob("*.md")} == set(ALERT_RULES)
    for code in ALERT_RULES:
        text = (ROOT / "docs" / "runbook" / f"{code}.md").read_text()
        parts = ["What it means", "What to check", "What to do", "When it is resolved"]
        assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == parts
        assert f"(`{code}`)" in text.splitlines()[0]
        assert f"../runbook/{code}.md" in (ROOT / "docs" / "how-to" / "operate.md").read_text()


def test_every_metric_follows_the_naming_rules_of_prometheus() -> None:
    units = r"(seconds|bytes|ratio|events|items|connections)"
    counts = {"placet_log_position", "placet_projection_outdated", "placet_jobs_leased", "placet_jobs_waiting"}
    counts |= {"placet_cases_open", "placet_alerts_active"}
    assert {name for name in METRICS if not re.fullmatch(rf"placet_[a-z_]+_{units}", name)} == counts
    assert not {label for _, labels, _ in METRICS.values() for label in labels} & {"job", "instance"}


def test_without_a_certificate_its_expiry_is_absent() -> None:
    assert b"placet_certificate_expiry_timestamp_seconds 1.798" in exposition(lambda: HEALTHY)
    assert b"placet_certificate_expiry_timestamp_seconds 1" not in exposition(lambda: replace(HEALTHY, keys=None))


def test_prometheus_own_parser_reads_the_exposition() -> None:
    families = {f.name: f for f in text_string_to_metric_families(exposition(lambda: HEALTHY).decode())}
    assert set(families) == set(METRICS)
    assert all(name.startswith("placet_") for name in families)
    (sample,) = families["placet_consumer_lag_seconds"].samples
    assert (sample.labels, sample.value) == ({"consumer": "notices.mail"}, 0.0)


def test_measurements_come_from_the_database(worker: FakeWorker) -> None:
    worker.scenario.request(BEN)
    found = take_snapshot()
    assert found.position > 5
    assert {progress.lag for progress in found.projections.values()} == {0}
    assert {progress.seconds for progress in found.consumers.values()} == {0.0}
    assert found.generation_jobs.waiting.count == 1
    assert found.disk.free_bytes > 0


def test_an_unprocessed_event_has_an_age(worker: FakeWorker) -> None:
    worker.scenario.driver.stopped_consumers |= {"moderation.check_policy"}
    worker.scenario.request(BEN)
    found = take_snapshot()
    assert found.consumers["moderation.check_policy"].seconds > 0
    assert found.consumers["moderation.check_policy"].lag > 0
    assert found.consumers["notices.mail"].seconds == 0.0, "none of its types came after"


def test_an_event_without_a_position_is_counted(worker: FakeWorker) -> None:
    from placet.studio import commands as studio
    from tests.support.scenario import new_id

    studio.request_generation(worker.scenario.log, studio.RequestGeneration(new_id(), BEN, "a red ball", ()))
    assert take_snapshot().sequencer.count > 0


def test_status_fails_while_an_alert_is_active(placet: Placet, worker: FakeWorker) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventlog_dead_letter (consumer, position, stream, error_location, attempts, failed_at)"
            " VALUES ('notices.mail', 1, 'use-x', 'ValueError', 5, now())"
        )
    with pytest.raises(SystemExit) as ended:
        placet("status")
    assert ended.value.code == 1


def test_status_reports_everything(placet: Placet) -> None:
    assert set(placet("status")) >= {
        "sequencer", "generation_jobs", "cases", "processes", "keys", "disk", "jobs", "transport", "dead_letters",
        "outbox", "outbox_overdue", "alerts",
    }  # fmt: skip


def test_status_as_json_holds_each_alert_with_its_runbook_page() -> None:
    (alert,) = [alert.to_json() for alert in active_alerts(replace(HEALTHY, **PROBLEMS["disk_low"]))]
    assert alert == {
        "code": "disk_low", "message": "The disk has 1.0 GiB free (30%).", "hint": "placet serve scheduler",
        "runbook_url": "docs/runbook/disk_low.md",
    }  # fmt: skip


def test_in_the_terminal_the_alert_comes_last_with_hint_and_runbook(
    placet: Placet, worker: FakeWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventlog_dead_letter (consumer, position, stream, error_location, attempts, failed_at)"
            " VALUES ('notices.mail', 1, 'use-x', 'ValueError', 5, now())"
        )
    with pytest.raises(SystemExit):
        call_command("status", tick=worker.tick)
    lines = capsys.readouterr().out.splitlines()
    assert "ALERT dead_letters" in lines[-3]
    assert lines[-2:] == ["  Next: placet dead-letters list", "  Runbook: docs/runbook/dead_letters.md"]


def codes(answer: Any) -> list[str]:
    return [row["code"] for row in answer.json()["missing"]]


def client_of(person: str, *roles: str) -> Client:
    client = Client()
    client.force_login(Account(person=uuid.UUID(person), roles=list(roles), password="!"), BACKEND)
    return client


def test_readyz_and_metrics_answer_this_machine_itself(worker: FakeWorker) -> None:
    answer = Client().get("/readyz", **HERE)
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "missing": []})
    exposed = Client().get("/metrics", **HERE)
    assert exposed["Content-Type"].startswith("text/plain")
    assert b"placet_log_position " in exposed.content


@pytest.mark.parametrize("address", ["/readyz", "/metrics"])
@pytest.mark.parametrize(
    "sign",
    [
        {"HTTP_X_FORWARDED_FOR": "203.0.113.9"},
        {"HTTP_FORWARDED": "for=203.0.113.9"},
        {"HTTP_VIA": "1.1 proxy"},
        {"HTTP_HOST": "testserver"},
        {"REMOTE_ADDR": "203.0.113.9"},
    ],
)
def test_requests_through_a_proxy_or_from_afar_are_not_local(
    worker: FakeWorker, address: str, sign: dict[str, Any]
) -> None:
    assert Client().get(address, **{**HERE, **sign}).status_code == 302


def test_a_public_site_is_open_to_operators_only(worker: FakeWorker, settings: Any) -> None:
    settings.PLACET_ORIGIN = "https://placet.example.org"
    assert Client().get("/metrics", **HERE).status_code == 302
    assert client_of(CLEO, "reviewer").get("/metrics", **HERE).status_code == 403
    Account.objects.filter(person=CLEO).update(roles=["operator"])
    assert client_of(CLEO, "operator").get("/metrics", **HERE).status_code == 200


def test_prometheus_comes_with_an_operators_token(worker: FakeWorker, settings: Any) -> None:
    settings.PLACET_ORIGIN = "https://placet.example.org"
    Account.objects.filter(person=CLEO).update(roles=["operator"])
    for person, status in ((CLEO, 200), (BEN, 302)):
        token, _ = token_for(person, 1)
        assert Client().get("/metrics", **HERE, headers={"Authorization": f"Bearer {token}"}).status_code == status


def test_readyz_names_a_stale_projection(worker: FakeWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    from placet.operations.monitoring import readiness

    monkeypatch.setattr(readiness, "is_stale", lambda name: name == "feed.clips")
    answer = Client().get("/readyz", **HERE)
    assert (answer.status_code, codes(answer)) == (503, ["projection_lagging"])
    (row,) = answer.json()["missing"]
    assert set(row) == {"code", "message", "hint", "runbook_url"}
    assert "feed.clips" in row["message"]


def test_readyz_reports_missing_migrations(worker: FakeWorker, owner_dsn: str) -> None:
    import psycopg

    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        owner.execute("DELETE FROM django_migrations WHERE app = 'feed'")
    assert codes(Client().get("/readyz", **HERE)) == ["migrations_missing"]


def test_readyz_reports_an_unavailable_database(worker: FakeWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    from placet.operations.monitoring import readiness

    def unavailable() -> bool:
        raise OperationalError

    monkeypatch.setattr(readiness, "_is_migrated", unavailable)
    answer = Client().get("/readyz", **HERE)
    assert (answer.status_code, codes(answer)) == (503, ["database_unavailable"])


def test_only_an_operator_sees_dead_letters(placet: Placet, worker: FakeWorker) -> None:
    with pytest.raises(CommandFailed) as failed:
        placet("dead_letters", "list", "--as", "Ben")
    assert failed.value.code == "not_permitted"
