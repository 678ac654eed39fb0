"""Every line has a correlation id and none has what a person wrote, whichever way an error takes."""

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from placet.config.logging import LogLine
from placet.eventlog import outbox
from placet.eventlog.consumers import runner as consuming
from placet.eventlog.consumers.runner import CONSUMERS
from placet.eventlog.projections.runner import PROJECTIONS, Projector
from placet.studio import commands
from placet.studio import events as e
from placet.studio.generation import stream_of
from placet.web.request_id import HEADER
from tests.support.cast import ANA, BEN
from tests.support.fake_worker import FakeWorker
from tests.support.scenario import new_id
from tests.support.visitor import Visit

CANARY = "a canary in a red hat sings"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything logged during a test, as it would be written."""
    monkeypatch.setattr(consuming, "MAX_BACKOFF_SECONDS", 0.0)
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(LogLine())
    root, placet = logging.getLogger(), logging.getLogger("placet")
    before = root.level, placet.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)
    placet.setLevel(logging.DEBUG)
    yield out
    root.removeHandler(handler)
    root.setLevel(before[0])
    placet.setLevel(before[1])


def logged(lines: io.StringIO) -> list[dict[str, Any]]:
    assert CANARY not in lines.getvalue()
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def poison(_fact: object, *_more: object) -> None:
    raise ValueError(CANARY)


def replace_handler(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    import dataclasses

    monkeypatch.setitem(CONSUMERS, name, dataclasses.replace(CONSUMERS[name], handle=poison))


def test_a_dead_letter_is_logged_with_its_correlation_id_and_no_prompt(
    worker: FakeWorker, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_handler(monkeypatch, "notices.mail")
    runner = worker.scenario.driver.runners["notices.mail"]
    runner.consumer = CONSUMERS["notices.mail"]
    generation = worker.scenario.request(BEN, CANARY, ANA)
    logged_lines = [line for line in logged(lines) if "dead letter at position" in line["message"]]
    assert [line["correlation_id"] for line in logged_lines] == [generation]
    row = worker.scenario.driver.connection.execute("SELECT error_location FROM eventlog_dead_letter").fetchone()
    assert row
    assert CANARY not in row[0]


def test_a_failed_outbox_item_is_logged_with_its_correlation_id(
    worker: FakeWorker, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = worker.scenario.request(BEN, CANARY, ANA)
    monkeypatch.setitem(outbox.HANDLERS, "mail", poison)
    kind = worker.scenario.driver.connection.execute(
        "SELECT kind FROM eventlog_outbox WHERE kind <> 'job' LIMIT 1"
    ).fetchone()
    assert kind
    monkeypatch.setitem(outbox.HANDLERS, kind[0], poison)
    assert outbox.process_one(worker.scenario.driver.connection, kind[0])
    (line,) = [line for line in logged(lines) if "failed" in line["message"]]
    assert line["correlation_id"] == generation
    assert not worker.scenario.driver.connection.execute(
        "SELECT 1 FROM eventlog_outbox WHERE error LIKE %s", (f"%{CANARY}%",)
    ).rowcount


def test_a_stuck_projection_is_logged_with_the_correlation_id(
    worker: FakeWorker, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROJECTIONS["studio.generations"].folds, "studio.generation_requested.v1", poison)
    generation = worker.scenario.request(BEN, CANARY)
    Projector().run_once()
    standing = [line for line in logged(lines) if "is stopped" in line["message"]]
    assert {line["correlation_id"] for line in standing} == {generation}
    assert {line["exception.type"] for line in standing} == {"ValueError"}


def test_a_refusal_and_an_error_page_log_no_prompt(
    worker: FakeWorker, visit: Visit, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = visit(BEN)
    ben.post("/create/", 422, prompt=CANARY, seconds="400", size="portrait")
    monkeypatch.setattr(commands, "request_generation", poison)
    ben.client.raise_request_exception = False
    answer = ben.client.post("/create/", {"command": new_id(), "prompt": CANARY, "seconds": "4", "size": "portrait"})
    assert answer.status_code == 500
    assert CANARY not in answer.content.decode()
    (line,) = [line for line in logged(lines) if line.get("exception.type") == "ValueError"]
    assert line["correlation_id"] == answer[HEADER]


def test_a_request_id_from_the_caller_is_not_logged() -> None:
    answer = Client().get("/healthz", headers={HEADER: CANARY})
    assert answer[HEADER] != CANARY
    assert len(answer[HEADER]) == 36


def test_a_recorded_refusal_logs_no_prompt(worker: FakeWorker, lines: io.StringIO) -> None:
    generation = worker.scenario.request(BEN, f"{CANARY}, and everyone is naked", ANA)
    facts = worker.scenario.log.read(stream_of(generation)).facts
    assert any(isinstance(fact, e.GenerationRefused) for fact in facts)
    logged(lines)


def test_a_line_has_only_the_field_names_of_opentelemetry(lines: io.StringIO) -> None:
    logger = logging.getLogger("placet.tests")
    try:
        poison(None)
    except ValueError:
        logger.exception("a %s line", "sample", extra={"prompt": CANARY}, stack_info=True)
    (line,) = [line for line in logged(lines) if line["message"] == "a sample line"]
    assert set(line) == {
        "timestamp", "severity_text", "logger", "message", "service.name", "process.pid", "exception.type",
        "exception.stacktrace",
    }  # fmt: skip
    assert (line["severity_text"], line["logger"], line["exception.type"]) == ("ERROR", "placet.tests", "ValueError")
    assert re.fullmatch(r"([^\n]+:\d+\n?)+", line["exception.stacktrace"])


def test_the_text_of_an_exception_is_never_written(lines: io.StringIO) -> None:
    logger = logging.getLogger("placet.tests")
    record = logger.makeRecord("placet.tests", logging.ERROR, __file__, 1, "cached", (), None)
    record.exc_text = f"ValueError: {CANARY}"
    logger.handle(record)
    try:
        poison(None)
    except ValueError:
        logger.exception({"event": "a dict instead of a text"})
    assert len(logged(lines)) == 2
