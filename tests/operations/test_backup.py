"""A backup while writers write, and a restore: dense, a prefix, recorded in the log, and without erased people."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from django.test import Client

from placet.cli.command import CommandFailed
from placet.eventlog.events import LogRestored
from placet.eventlog.projections.diff import differences
from placet.eventlog.projections.runner import PROJECTIONS
from placet.eventlog.proofs.audit import audit_log
from placet.eventlog.proofs.head_file import head_file, write_head
from placet.eventlog.proofs.keys import install_signer, install_verifier, origin
from placet.eventlog.proofs.monitor import poll_log
from placet.eventlog.proofs.tree_head import TreeHead, parse_head_unverified
from placet.eventlog.proofs.tree_service import TreeService
from placet.eventlog.proofs.tree_store import newest_head
from placet.eventlog.store.connect import connect
from placet.eventlog.store.event import ERASED
from placet.eventlog.store.log import EventLog
from placet.eventlog.store.sequencer import Sequencer
from placet.kernel.ids import GenerationId, PersonId
from placet.likeness import commands as likeness
from placet.likeness import face_templates
from placet.likeness.faces import Template
from placet.media.blobs import Area
from placet.media.storage import blobs, private
from placet.people import commands as people
from placet.people.events import ErasureRequested, PersonErased, PersonJoined
from placet.studio import events as e
from placet.studio.generation import Generation, stream_of
from placet.studio.jobs import Jobs
from placet.text.embedder import set_embedder
from placet.text.embeddings import RecordedEmbedder
from tests.support.cast import ANA, BEN
from tests.support.flow_driver import FlowDriver
from tests.support.scenario import Scenario, new_id

Placet = Callable[..., dict[str, Any]]


@pytest.fixture
def scenario(own_home: Path, fresh_database: str) -> Iterator[Scenario]:
    assert own_home.is_dir()
    assert fresh_database
    set_embedder(RecordedEmbedder())
    scenario = Scenario(FlowDriver())
    scenario.driver.stopped_consumers = frozenset(
        {"moderation.check_quality", "likeness.check_faces", "provenance.sign_clip"}
    )
    scenario.begin()
    yield scenario
    scenario.driver.connection.close()


@pytest.fixture
def placet(capsys: pytest.CaptureFixture[str]) -> Placet:
    def run(*words: str) -> dict[str, Any]:
        capsys.readouterr()
        call_command(*words, "--json")
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return run


def stop(scenario: Scenario) -> None:
    """A restore needs everything stopped."""
    scenario.driver.connection.close()


def start(scenario: Scenario) -> Scenario:
    """The same scenario on the existing data."""
    begun = Scenario(FlowDriver(stopped_consumers=scenario.driver.stopped_consumers))
    begun.driver.run()
    return begun


def clip_with_bytes(scenario: Scenario, by: PersonId, *cameos: PersonId) -> tuple[GenerationId, str]:
    generation = scenario.draft(by, "a red ball bounces", *cameos)
    name = blobs().put(f"the clip {generation}".encode(), Area.RELEASED).sha256
    scenario.given(stream_of(generation), e.GenerationSigned(generation, name, "manifest"))
    return generation, name


def order() -> list[str]:
    """Event ids by position. A gap would raise."""
    with connect() as connection:
        rows = connection.execute(
            "SELECT position, event_id FROM eventlog_event_position JOIN eventlog_event USING (id) ORDER BY 1"
        )
        found = rows.fetchall()
    assert [row[0] for row in found] == list(range(1, len(found) + 1))
    return [str(row[1]) for row in found]


@pytest.mark.promise("P6")
def test_under_load_a_backup_has_everything_acknowledged(scenario: Scenario, placet: Placet, tmp_path: Path) -> None:
    acknowledged: list[str] = []
    over = threading.Event()
    threads = [threading.Thread(target=_write, args=(acknowledged, over)) for _ in range(3)]
    threads.append(threading.Thread(target=_number, args=(over,)))
    for thread in threads:
        thread.start()
    while len(acknowledged) < 100:
        over.wait(0.01)
    before = list(acknowledged)
    answer = placet("backup", str(tmp_path / "backup"))
    enough = len(acknowledged) + 100
    while len(acknowledged) < enough:
        over.wait(0.01)
    over.set()
    for thread in threads:
        thread.join()
    scenario.driver.run()
    was = order()
    stop(scenario)
    restored = placet("restore", str(tmp_path / "backup"), "--replace")
    now = order()
    assert set(before) <= set(now)
    assert now[: answer["positions"]] == was[: answer["positions"]]
    assert restored["lost"] == len(was) - answer["positions"]
    assert restored["lost"] >= 100
    assert restored["size"] == len(now) == answer["positions"] + answer["pending"] + 1


def _write(acknowledged: list[str], over: threading.Event) -> None:
    with connect() as connection:
        while not over.is_set():
            person = PersonId(str(uuid.uuid4()))
            fact = PersonJoined(person, "Nobody", "nobody@example.org", ("creator",))
            acknowledged.extend(EventLog(connection).append(f"person-{person}", [fact], expected=0).event_ids)


def _number(over: threading.Event) -> None:
    with connect() as connection:
        Sequencer(connection).run(over.is_set)


@pytest.mark.promise("P6")
def test_a_restored_install_has_its_data_and_continues(scenario: Scenario, placet: Placet, tmp_path: Path) -> None:
    kept, name = clip_with_bytes(scenario, BEN)
    placet("backup", str(tmp_path / "backup"))
    lost = scenario.request(BEN, "a red ball bounces")
    blobs().erase(name)
    stop(scenario)
    answer = placet("restore", str(tmp_path / "backup"), "--replace")
    again = start(scenario)
    assert (answer["clips"], answer["erased_clips"]) == (1, 0)
    assert answer["lost"] > 0
    assert blobs().read(name) == f"the clip {kept}".encode()
    assert again.state(kept).state == "draft"
    assert again.state(lost).state == "unknown"
    assert not any(differences(target, again.driver.connection) for target in PROJECTIONS.values())
    assert again.request(BEN, "a red ball bounces")
    stop(again)


def test_the_log_records_the_restore_and_the_origin_changes(
    scenario: Scenario, placet: Placet, own_home: Path, tmp_path: Path
) -> None:
    name = origin(own_home)
    backup = placet("backup", str(tmp_path / "backup"))
    scenario.request(BEN, "a red ball bounces")
    scenario.driver.run()
    seen = poll_log(over_http, None, install_verifier(own_home).text).state
    head = parse_head_unverified(seen.checkpoint)
    stop(scenario)
    first = put_back(placet, tmp_path)
    assert (first.old_origin, first.old_size, first.old_root) == (name, head.size, head.root.hex())
    assert first.restored_size == backup["positions"]
    assert first.lost == head.size - first.restored_size > 0
    again = start(scenario)
    found = poll_log(over_http, seen)
    assert (found.kind, found.lost) == ("restored", (first.restored_size + 1, head.size))
    assert not audit_log(again.driver.connection, install_verifier(own_home)).wrong
    size = again.log.last_position
    stop(again)
    second = put_back(placet, tmp_path)
    assert re.fullmatch(rf"{re.escape(name)}/2-[0-9a-f]{{8}}", second.old_origin)
    assert second.lost == size - first.restored_size
    assert re.fullmatch(rf"{re.escape(name)}/3-[0-9a-f]{{8}}", origin(own_home))


def over_http(path: str) -> bytes:
    """What a public client reads under `/log/`."""
    return bytes(Client().get(f"/log/{path}").content)


def test_a_kept_tree_head_shows_how_much_was_lost(
    scenario: Scenario, placet: Placet, own_home: Path, tmp_path: Path
) -> None:
    placet("backup", str(tmp_path / "backup"))
    write_head(head_file(own_home), TreeHead(origin(own_home), 5000, b"r" * 32).signed(install_signer(own_home)))
    stop(scenario)
    recorded = put_back(placet, tmp_path)
    assert (recorded.old_size, recorded.old_root, recorded.lost) == (
        5000, (b"r" * 32).hex(), 5000 - recorded.restored_size,
    )  # fmt: skip


def put_back(placet: Placet, tmp_path: Path) -> LogRestored:
    """Restore, and return the event that records it."""
    placet("restore", str(tmp_path / "backup"), "--replace")
    with connect() as connection:
        (fact,) = EventLog(connection).read("log").facts
    assert isinstance(fact, LogRestored)
    return fact


@pytest.mark.promise("P6")
@pytest.mark.processes
@pytest.mark.parametrize("step", ["files", "log", "committed", "named"])
def test_a_killed_restore_is_repeated_with_the_same_result(
    scenario: Scenario, placet: Placet, own_home: Path, tmp_path: Path, step: str
) -> None:
    kept, name = clip_with_bytes(scenario, BEN)
    backup = placet("backup", str(tmp_path / "backup"))
    scenario.request(BEN, "a red ball bounces")
    scenario.driver.run()
    was, size = order(), scenario.log.last_position
    signed = newest_head(scenario.driver.connection)
    assert signed
    write_head(head_file(own_home), signed.note)
    blobs().erase(name)
    stop(scenario)
    connections.close_all()
    killed = subprocess.run(
        [sys.executable, "-m", "placet", "restore", str(tmp_path / "backup"), "--replace", "--json"],
        env={**os.environ, "PLACET_DATA_DIR": str(own_home), "PLACET_FAILPOINTS": f"restore.{step}:1"},
        check=False, capture_output=True,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    recorded = put_back(placet, tmp_path)
    assert (recorded.old_origin, recorded.old_root) == (signed.head.origin, signed.head.root.hex())
    assert (recorded.old_size, recorded.restored_size) == (size, backup["positions"])
    assert recorded.lost == size - backup["positions"]
    assert order()[: backup["positions"]] == was[: backup["positions"]]
    again = start(scenario)
    assert blobs().read(name) == f"the clip {kept}".encode()
    assert not any(differences(target, again.driver.connection) for target in PROJECTIONS.values())
    TreeService(again.driver.connection, install_signer(own_home), head_file(own_home)).run_once()
    assert not audit_log(again.driver.connection, install_verifier(own_home)).wrong
    stop(again)


@pytest.mark.promise("P9")
def test_a_backup_from_before_an_erasure_has_nothing_readable_of_her(
    scenario: Scenario, placet: Placet, own_home: Path, tmp_path: Path
) -> None:
    likeness.allow(scenario.log, ANA, BEN, new_id())
    scenario.driver.run()
    shows_ana, name = clip_with_bytes(scenario, BEN, ANA)
    _, of_ben = clip_with_bytes(scenario, BEN)
    template = face_templates.keep(private(), ANA, Template(np.ones(128), "none"), new_id())
    placet("backup", str(tmp_path / "backup"))
    people.request_erasure(scenario.log, ANA, ANA, new_id())
    scenario.driver.run()
    assert isinstance(scenario.log.read(people.erasure_of(ANA)).facts[-1], PersonErased)
    stop(scenario)
    _assert_nothing_of_hers_is_clear(tmp_path / "backup", f"the clip {shows_ana}")
    answer = placet("restore", str(tmp_path / "backup"), "--replace")
    assert (answer["clips"], answer["erased_clips"], answer["erased_again"]) == (1, 1, 1)
    assert not blobs().has(name)
    assert blobs().has(of_ben)
    assert not (own_home / "private" / ANA / template.name).exists()
    again = start(scenario)
    joined = again.log.read(f"person-{ANA}").facts[0]
    assert (joined.name, joined.email) == (ERASED, ERASED)
    asked, *_, last = again.log.read(people.erasure_of(ANA)).facts
    assert isinstance(asked, ErasureRequested)
    assert isinstance(last, PersonErased)
    assert Generation.replay(again.log.read(stream_of(shows_ana))).restrictions
    stop(again)


def _assert_nothing_of_hers_is_clear(folder: Path, clip: str) -> None:
    whole = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert clip.encode() not in whole
    assert b"ana@example.org" not in whole
    assert b"placet.example" not in whole


def test_no_backup_has_the_vault_or_its_key(scenario: Scenario, placet: Placet, own_home: Path, tmp_path: Path) -> None:
    scenario.driver.run()
    placet("backup", str(tmp_path / "backup"))
    names = {str(file.relative_to(tmp_path / "backup")) for file in (tmp_path / "backup").rglob("*")}
    assert "keys/watermark.key" in names
    assert not {name for name in names if "vault" in name or "postgres" in name}
    key = (own_home / "keys" / "vault.key").read_bytes()
    assert all(key not in file.read_bytes() for file in (tmp_path / "backup").rglob("*") if file.is_file())


def test_a_refused_backup_or_restore_changes_nothing(scenario: Scenario, placet: Placet, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    placet("backup", str(folder))
    assert refused(placet, "backup", str(folder)) == "folder_not_empty"
    assert refused(placet, "restore", str(folder), "--replace") == "install_running"
    before = order()
    stop(scenario)
    assert refused(placet, "restore", str(folder)) == "database_not_empty"
    answer = json.loads((folder / "manifest.json").read_text())
    newer = {
        **answer,
        "columns": {**answer["columns"], "eventlog_outbox": [*answer["columns"]["eventlog_outbox"], "of_tomorrow"]},
    }
    (folder / "manifest.json").write_text(json.dumps(newer))
    assert refused(placet, "restore", str(folder), "--replace") == "backup_invalid"
    (folder / "manifest.json").write_text(json.dumps(answer))
    (folder / "log" / "eventlog_event.copy").write_bytes(b"something else")
    assert refused(placet, "restore", str(folder), "--replace") == "backup_invalid"
    (folder / "manifest.json").unlink()
    assert refused(placet, "restore", str(folder), "--replace") == "backup_invalid"
    assert order() == before


def refused(placet: Placet, *words: str) -> str:
    with pytest.raises(CommandFailed) as failure:
        placet(*words)
    return failure.value.code


def test_a_leased_job_is_planned_again_after_a_restore(scenario: Scenario, placet: Placet, tmp_path: Path) -> None:
    scenario.draft(BEN, "a red ball bounces")
    scenario.request(BEN, "a red ball bounces")
    assert Jobs(scenario.driver.connection).claim() is not None
    placet("backup", str(tmp_path / "backup"))
    stop(scenario)
    placet("restore", str(tmp_path / "backup"), "--replace")
    with connect() as connection:
        states = _states(connection)
    assert states == {"done": 1, "planned": 1}


def _states(connection: psycopg.Connection[Any]) -> dict[str, int]:
    return dict(
        connection.execute("SELECT state, count(*) FROM eventlog_outbox WHERE kind = 'job' GROUP BY state").fetchall()
    )
