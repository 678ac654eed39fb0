"""Receipts at the command line and over HTTP, for the person concerned; verified with everything stopped."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client

from placet.cli.command import CommandFailed
from placet.eventlog.proofs.keys import install_verifier, next_origin, origin
from placet.eventlog.proofs.monitor import RESTORED, poll_log
from placet.eventlog.proofs.receipt_types import RECEIPTED
from placet.eventlog.proofs.signed_note import Signer
from placet.eventlog.proofs.tree_head import parse_head_unverified
from placet.eventlog.proofs.tree_service import TreeService
from placet.eventlog.proofs.verify import verify_receipt
from placet.eventlog.store.canonical_json import canonical
from placet.eventlog.store.sequencer import Sequencer
from placet.likeness.consent import consent_of
from placet.people.models import Account
from placet.web import receipts
from tests.support.cast import ANA, BEN, CLEO, DARA, EVE
from tests.support.commands import Placet
from tests.support.fake_worker import FakeWorker
from tests.support.scenario import ROLES

PAGE = Path(__file__).parents[2] / "docs" / "receipts.md"
BACKEND = "django.contrib.auth.backends.ModelBackend"
NOWHERE = {"PLACET_DATA_DIR": "/nonexistent", "PLACET_DATABASE_URL": "host=/nonexistent dbname=none"}


def key() -> str:
    return install_verifier(Path(settings.PLACET_DATA_DIR)).text


def offline(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """From an empty folder, without a home, a database or a network."""
    environment = {**os.environ, **NOWHERE}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


def client(person: str | None) -> Client:
    one = Client()
    if person:
        one.force_login(Account(person=UUID(person), roles=list(ROLES[person]), password="!"), BACKEND)  # type: ignore[index]
    return one


@pytest.fixture
def filed(placet: Placet, tmp_path: Path) -> tuple[str, Path]:
    """Dara's filing, and the file of its receipt."""
    filing = placet("opt_out", "file", "--character", "Zorblax", "--statement", "I drew him first.")["id"]
    path = tmp_path / "filing.json"
    placet("receipt", "issue", "--filing", filing, "-o", str(path))
    return filing, path


@pytest.mark.promise("P5")
@pytest.mark.processes
def test_a_filing_has_a_receipt_that_verifies_with_everything_stopped(filed: tuple[str, Path], tmp_path: Path) -> None:
    filing, path = filed
    (empty := tmp_path / "empty").mkdir()
    words = ("-m", "placet", "receipt", "verify", str(path), "--json", "--key")
    done = offline(empty, *words, key())
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["valid"], answer["type"]) == (0, True, "rights.opt_out_filed.v1"), done.stderr
    assert (answer["stream"], answer["data"]["names"]) == (f"filing-{filing}", ["Zorblax"])
    assert answer["opened"] == [{"statement": "I drew him first."}]
    other = Signer(answer["log"], b"\x01" * 32).verifier.text
    done = offline(empty, *words, other)
    assert (done.returncode, json.loads(done.stdout)["step"]) == (1, "signature")


@pytest.mark.promise("P5")
@pytest.mark.processes
def test_an_independent_script_of_forty_lines_agrees(filed: tuple[str, Path], tmp_path: Path) -> None:
    script = tmp_path / "stranger.py"
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    assert len([line for line in found[1].splitlines() if line.strip()]) <= 40
    script.write_text(found[1])
    done = offline(tmp_path, str(script), str(filed[1]), key())
    assert (done.returncode, done.stdout.split(" ")[0]) == (0, "rights.opt_out_filed.v1"), done.stderr
    answer = json.loads(filed[1].read_text())
    for name, value in (
        ("index", answer["index"] + 1),
        ("data", "e30="),
        ("proof", answer["proof"][1:]),
        ("leaf", "e30="),
    ):
        filed[1].write_text(json.dumps({**answer, name: value}))
        assert offline(tmp_path, str(script), str(filed[1]), key()).returncode == 1, name


def test_an_invalid_key_or_file_is_refused_with_a_hint(placet: Placet, filed: tuple[str, Path]) -> None:
    with pytest.raises(CommandFailed, match="placet transparency-log key"):
        placet("receipt", "verify", str(filed[1]), "--key", "x+y+z")
    with pytest.raises(CommandFailed, match="cannot be read"):
        placet("receipt", "verify", "/nonexistent", "--key", key())


def test_the_key_may_be_in_a_file(placet: Placet, filed: tuple[str, Path], tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{key()}\n")
    assert placet("receipt", "verify", str(filed[1]), "--key", str(tmp_path / "key"))["valid"]
    assert placet("transparency_log", "key")["key"] == key()


def test_nobody_gets_the_receipt_of_another_person(placet: Placet, filed: tuple[str, Path]) -> None:
    for who in ("Ben", "Cleo", "Eve"):
        with pytest.raises(CommandFailed):
            placet("receipt", "issue", "--filing", filed[0], "--as", who)


def test_every_type_with_receipts_names_the_person_concerned() -> None:
    assert receipts.types() | {RESTORED} == set(RECEIPTED)


def _ids(worker: FakeWorker, stream: str) -> dict[str, str]:
    return {event.type: str(event.event_id) for event in worker.scenario.log.read(stream)}


@pytest.mark.promise("P5")
def test_grants_revocations_reports_and_decisions_have_receipts(placet: Placet, worker: FakeWorker) -> None:
    placet("likeness", "allow", "ben")
    clip = placet("generate", "a red ball bounces")
    placet("publish", clip["id"])
    placet("report", clip["id"], "--reason", "other", "--words", "I do not like it", "--as", "Ana")
    worker.scenario.decide_only_case("dismiss")
    placet("likeness", "revoke")
    found = {}
    for event in worker.scenario.log.read_from(0, 10_000):
        found[event.type] = str(event.event_id)
    for kind, whose, others in (
        ("likeness.grant_issued.v1", ANA, (BEN, EVE)),
        ("likeness.consent_revoked.v1", ANA, (BEN, CLEO)),
        ("moderation.clip_reported.v1", ANA, (BEN, EVE)),
        ("moderation.case_decided.v1", CLEO, (BEN, DARA)),
    ):
        address = f"/api/v1/receipts/{found[kind]}"
        answer = client(whose).get(address)
        assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store"), answer.content
        verifier = install_verifier(Path(settings.PLACET_DATA_DIR))
        assert verify_receipt(answer.content, verifier).leaf.type == kind
        for other in others:
            assert (client(other).get(address).status_code, client(other).get(address).json()["code"]) == (
                404,
                "receipt_not_found",
            )
        assert client(None).get(address).status_code == 401
        assert client(whose).get(f"{address}/").status_code == 200


def test_an_event_of_another_type_has_no_receipt(worker: FakeWorker) -> None:
    joined = worker.scenario.log.read(f"person-{ANA}").events[0]
    answer = client(ANA).get(f"/api/v1/receipts/{joined.event_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "receipt_not_found")
    assert client(ANA).get("/api/v1/receipts/nonsense").json()["code"] == "malformed_id"
    assert consent_of(ANA)


def test_what_follows_a_filing_concerns_its_holder_too(worker: FakeWorker, filed: tuple[str, Path]) -> None:
    enforced = worker.scenario.log.read("opt-out-registry").events[-1]
    assert enforced.fact.filing == filed[0]
    address = f"/api/v1/receipts/{enforced.event_id}"
    assert client(DARA).get(address).status_code == 200
    assert client(CLEO).get(address).status_code == 404


# -- the transparency log over HTTP


def got(path: str) -> Any:
    return Client().get(f"/log/{path}")


def test_the_tree_is_public_and_has_cache_headers(worker: FakeWorker) -> None:
    worker.scenario.driver.run()
    head = got("checkpoint")
    assert head["Content-Type"] == "text/plain; charset=utf-8"
    assert head["Cache-Control"] == "public, max-age=1"
    name, size, _ = head.content.decode().split("\n")[:3]
    assert name == origin(Path(settings.PLACET_DATA_DIR))
    tile = got(f"tile/0/000.p/{size}")
    assert (tile.status_code, len(tile.content)) == (200, 32 * int(size))
    assert tile["Cache-Control"] == "public, max-age=31536000, immutable"
    assert tile["Content-Type"] == "application/octet-stream"
    assert "Set-Cookie" not in tile
    assert "Cookie" not in tile["Vary"]
    assert got(f"proof/inclusion?index=0&size={size}").json()["proof"]
    assert got(f"proof/consistency?from=1&to={size}").json()["proof"]
    assert got("key").content.decode().strip() == key()
    assert got("restored").status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("tile/0/000", 404, "not_in_tree"),
        ("tile/0/000.p/255", 404, "not_in_tree"),
        ("tile/3/000.p/1", 404, "not_in_tree"),
        ("tile/0/0", 400, "proof_request_invalid"),
        ("tile/entries/000", 400, "proof_request_invalid"),
        ("tile/0/../checkpoint", 400, "proof_request_invalid"),
        ("proof/inclusion", 400, "proof_request_invalid"),
        ("proof/inclusion?index=-1&size=3", 400, "proof_request_invalid"),
        ("proof/inclusion?index=1&size=1&size=2", 400, "proof_request_invalid"),
        ("proof/inclusion?index=%D9%A1&size=2", 400, "proof_request_invalid"),
        ("proof/inclusion?index=5&size=5", 404, "not_in_tree"),
        ("proof/inclusion?index=0&size=999999999", 404, "not_in_tree"),
        ("proof/consistency?from=0&to=3", 404, "not_in_tree"),
        ("proof/consistency?from=3&to=2", 404, "not_in_tree"),
    ],
)
def test_a_request_without_an_answer_has_a_code(worker: FakeWorker, path: str, status: int, code: str) -> None:
    worker.scenario.driver.run()
    answer = got(path)
    assert (answer.status_code, answer.json()["code"], answer["Cache-Control"]) == (status, code, "no-store")


def test_the_audit_finds_a_changed_event(placet: Placet, worker: FakeWorker, owner_dsn: str) -> None:
    import psycopg

    worker.scenario.driver.run()
    answer = placet("transparency_log", "audit")
    assert (answer["ok"], answer["size"], answer["signed"]) == (True, worker.scenario.log.last_position, answer["size"])
    with psycopg.connect(owner_dsn) as owner:
        owner.execute("ALTER TABLE eventlog_event DISABLE TRIGGER USER")
        owner.execute(
            "UPDATE eventlog_event SET actor = 'somebody', version = version + 1000"
            " WHERE type = 'people.person_joined.v1'"
        )
    with pytest.raises(SystemExit):
        placet("transparency_log", "audit")


@pytest.fixture(params=["a folder", "an address"])
def copied(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder with a copy of the log, and the address that a monitor reads."""
    (folder := tmp_path / "log").mkdir()
    if request.param == "a folder":
        yield folder, str(folder)
        return
    serving = partial(SimpleHTTPRequestHandler, directory=str(folder))
    serving.log_message = lambda *_: None  # type: ignore[attr-defined]
    server = ThreadingHTTPServer(("127.0.0.1", 0), serving)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_monitor_reads_a_folder_or_an_address(
    placet: Placet, worker: FakeWorker, copied: tuple[Path, str], tmp_path: Path
) -> None:
    folder, source = copied
    worker.scenario.driver.run()
    _copy(folder)
    words = ("transparency_log", "monitor", source, "--state", str(tmp_path / "state.json"), "--once")
    assert placet(*words, "--key", key())["code"] == "first"
    worker.scenario.request(BEN, "a blue cube")
    assert placet(*words)["code"] == "same"
    _copy(folder)
    assert placet(*words)["code"] == "grown"
    text = (folder / "checkpoint").read_text()
    (folder / "checkpoint").write_text(text.replace(text.splitlines()[2], 43 * "A" + "="))
    with pytest.raises(SystemExit):
        placet(*words)


def _copy(folder: Path) -> None:
    note = got("checkpoint").content
    (folder / "checkpoint").write_bytes(note)
    tile = f"tile/0/000.p/{note.decode().splitlines()[1]}"
    (folder / tile).parent.mkdir(parents=True, exist_ok=True)
    (folder / tile).write_bytes(got(tile).content)


def test_a_restored_log_proves_its_predecessor_over_http(worker: FakeWorker) -> None:
    """The event is written by hand: a restore writes it before the first tree head of the new origin is signed."""
    worker.scenario.driver.run()
    verifier = install_verifier(Path(settings.PLACET_DATA_DIR))
    seen = poll_log(lambda path: bytes(got(path).content), None, verifier.text).state
    old = parse_head_unverified(seen.checkpoint)
    data = canonical({"old_origin": old.origin, "old_size": old.size, "old_root": old.root.hex(), "lost": 0})
    connection = worker.scenario.driver.connection
    connection.execute(
        "WITH written AS (INSERT INTO eventlog_event"
        " (event_id, stream, version, type, data, digest, command_id, ordinal, correlation_id)"
        " VALUES (gen_random_uuid(), 'log', 1, %s, %s, '', gen_random_uuid(), 0, gen_random_uuid())"
        " RETURNING id) INSERT INTO eventlog_event_pending SELECT id FROM written",
        (RESTORED, data),
    )
    Sequencer(connection).run_once()
    seed = (Path(settings.PLACET_DATA_DIR) / "keys" / "log.key").read_bytes()
    TreeService(connection, Signer(f"{old.origin}/2", seed)).run_once()
    found = poll_log(lambda path: bytes(got(path).content), seen)
    assert (found.kind, found.lost, found.message) == ("restored", None, f"from {old.origin}; nothing is lost")
    assert poll_log(lambda path: bytes(got(path).content), found.state).kind == "same"


def test_a_restore_takes_the_next_origin(tmp_path: Path) -> None:
    from placet.operations.install import install

    install(tmp_path)
    first = origin(tmp_path)
    assert re.fullmatch(r"placet\.invalid/[0-9a-f]{8}", first)
    again = [next_origin(tmp_path, first) for _ in range(2)]
    assert all(re.fullmatch(rf"{first}/2-[0-9a-f]{{8}}", name) for name in again)
    assert len(set(again)) == 2, "two machines that restore one backup are two logs"
    install(tmp_path)
    assert origin(tmp_path) == again[-1]
    assert re.fullmatch(rf"{first}/3-[0-9a-f]{{8}}", next_origin(tmp_path, origin(tmp_path)))
