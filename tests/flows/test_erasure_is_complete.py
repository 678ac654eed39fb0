"""An erasure leaves nothing: canary words, a face and a key are searched in every table and every file."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import psycopg
import pytest
from django.conf import settings
from PIL import Image

from moderation.commands import file_appeal
from placet.eventlog.encryption.vault import install_vault
from placet.eventlog.outbox import process_one
from placet.eventlog.projections.runner import Projector
from placet.eventlog.store.codec import digest
from placet.eventlog.store.sequencer import Sequencer
from placet.kernel.ids import GenerationId, PersonId
from placet.likeness import commands as likeness
from placet.likeness import face_templates
from placet.likeness.consent import consent_of
from placet.likeness.events import EnrolmentRequested, LikenessEnrolled
from placet.likeness.faces import Template
from placet.media.sandbox_client import normalise_image
from placet.media.storage import private
from placet.people import commands as people
from placet.people.events import PersonErased
from placet.people.models import IdempotencyKeyRow
from placet.runtime.postgres.paths import _packed
from tests.support.cast import ANA, BEN
from tests.support.fake_worker import REPLACED
from tests.support.scenario import Scenario, new_id

TIMEOUT_SECONDS: Final = 150.0
pytestmark = pytest.mark.usefixtures("own_home", "without_output_checks")


@pytest.fixture
def without_output_checks(own_home: Path, scenario: Scenario) -> None:
    scenario.driver.stopped_consumers = REPLACED


def erase(scenario: Scenario, person: PersonId) -> PersonErased:
    people.request_erasure(scenario.log, person, person, new_id())
    scenario.driver.run()
    erased = scenario.log.read(people.erasure_of(person)).facts[-1]
    assert isinstance(erased, PersonErased)
    return erased


def clip_of(scenario: Scenario, by: PersonId, *cameos: PersonId) -> GenerationId:
    """A published clip."""
    generation = scenario.draft(by, "a red ball bounces", *cameos)
    assert scenario.publish(generation, by) == "published"
    return generation


CANARIES = {
    "name": "Quillmarsh Zephyrine",
    "email": "quillmarsh@canary.example",
    "prompt": "a red ball bounces near tourmalinewhisper",
    "words": "verdigrislantern is no threat",
}


@pytest.mark.promise("P9")
def test_no_canary_is_found_after_an_erasure(scenario: Scenario, fresh_database: str) -> None:
    quill, portrait, vector = _canary_person(scenario)
    key = _raw_key(quill)
    needles = {**{k: v.encode() for k, v in CANARIES.items()}, "portrait": portrait, "vector": vector, "key": key}
    before = _found(needles, fresh_database) | _opened(needles, scenario, quill)
    assert before == set(needles), "the search must find the canaries before the erasure"
    erase(scenario, quill)
    assert _found(needles, fresh_database) | _opened(needles, scenario, quill) == set()
    assert _verifies(fresh_database)


@pytest.mark.promise("P9")
@pytest.mark.processes
def test_an_erasure_is_complete_with_a_death_at_every_step(
    scenario: Scenario, fresh_database: str, own_home: Path
) -> None:
    quill, portrait, vector = _canary_person(scenario)
    needles = {**{k: v.encode() for k, v in CANARIES.items()}, "portrait": portrait, "vector": vector}
    assert _found(needles, fresh_database) | _opened(needles, scenario, quill) == set(needles)
    people.request_erasure(scenario.log, quill, quill, new_id())
    _run_until_erased(scenario, quill, own_home)
    assert not _left(own_home)
    assert _found(needles, fresh_database) | _opened(needles, scenario, quill) == set()
    assert _verifies(fresh_database)


DEATHS: Final = (
    "studio.prepare_erasure.taken:1", "erase.key_destroyed:1", "erase.key_destroyed:2",
    "studio.prepare_erasure.handled:1", "studio.prepare_erasure.committed:1", "studio.erase_person.taken:1",
    "erase.clips_dropped:1", "erase.files_dropped:1", "erase.rows_dropped:1", "studio.erase_person.handled:1",
    "studio.erase_person.committed:1",
)  # fmt: skip


def _run_until_erased(scenario: Scenario, person: str, home: Path) -> None:
    """Run the consumers in a real process; restart it when it dies, as the supervisor does."""
    (home / "crashed").mkdir()
    crashes = {"PLACET_FAILPOINTS": ",".join(DEATHS), "PLACET_FAILPOINT_STATE": str(home / "crashed")}
    environment = {**os.environ, "PLACET_DATA_DIR": str(home), **crashes}
    words = [sys.executable, str(Path(__file__).with_name("erasure_process.py"))]
    process, deaths, until = subprocess.Popen(words, env=environment), 0, time.monotonic() + TIMEOUT_SECONDS
    try:
        while deaths < len(DEATHS) or not _is_erased(scenario, person):
            assert time.monotonic() < until, f"{deaths} deaths; left is {_left(home)}"
            Sequencer(scenario.driver.connection).run_once()
            Projector().run_once()
            if (code := process.poll()) is not None:
                assert code == -signal.SIGKILL
                process, deaths = subprocess.Popen(words, env=environment), deaths + 1
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait(20)


def _left(home: Path) -> set[str]:
    return {point.replace(":", ".") for point in DEATHS} - {file.name for file in (home / "crashed").iterdir()}


def _is_erased(scenario: Scenario, person: str) -> bool:
    return isinstance(scenario.log.read(people.erasure_of(person)).facts[-1], PersonErased)


def _canary_person(scenario: Scenario) -> tuple[Any, bytes, bytes]:
    """A person with recognisable data: (person, part of the portrait, part of the template)."""

    code = people.issue_invite(scenario.log, ANA, new_id())
    quill = people.take_invite(scenario.log, code, CANARIES["name"], CANARIES["email"], new_id())
    scenario.driver.run()
    noise = np.random.default_rng(7).integers(0, 255, (64, 64, 3), np.uint8)
    picture = io.BytesIO()
    Image.fromarray(noise).save(picture, "PNG")
    normal = normalise_image(picture.getvalue())
    portrait = private().keep(quill, normal)
    template = face_templates.keep(private(), quill, Template(np.linspace(0.1, 0.9, 128), "none"), new_id())

    scenario.driver.stopped_consumers |= {"likeness.enrol"}
    scenario.given(f"enrolment-{quill}", EnrolmentRequested(quill, portrait))
    scenario.given(consent_of(quill), LikenessEnrolled(quill, template.name, template.commitment, "none"))
    likeness.allow(scenario.log, quill, BEN, new_id())
    scenario.driver.run()
    scenario.draft(BEN, "a red ball bounces", quill)  # mails to them
    scenario.draft(quill, CANARIES["prompt"])
    refused = scenario.request(quill, f"{CANARIES['prompt']} and Ana", ANA)
    file_appeal(scenario.log, refused, quill, CANARIES["words"], new_id())
    scenario.driver.run()
    IdempotencyKeyRow.objects.create(
        id=new_id(), person=quill, digest="0" * 64, status=202, response={"name": CANARIES["name"]},
        requested_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    _send_mails(scenario)
    vector = np.linspace(0.1, 0.9, 128).astype("<f8").tobytes().hex().encode()
    return quill, normal[60:400], vector[100:300]


def _send_mails(scenario: Scenario) -> None:
    assert process_one(scenario.driver.connection, "mail")
    while process_one(scenario.driver.connection, "mail"):
        pass


def _raw_key(person: str) -> bytes:
    vault = install_vault()
    stored = (vault.folder / person).read_bytes()
    return vault._wrap.decrypt(stored[:12], stored[12:], person.encode())


def _dump(dsn: str) -> bytes:
    """Every row of every table, with bytea as raw bytes and as text."""
    out = io.BytesIO()
    with psycopg.connect(dsn) as connection:
        tables = [r[0] for r in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    out.write(bytes(value) if isinstance(value, bytes | memoryview) else _text(value))
                    out.write(b"\n")
    return out.getvalue() + _pg_dump()


def _pg_dump() -> bytes:
    """The output of pg_dump."""
    words = [str(_packed() / "bin" / "pg_dump"), os.environ["PLACET_MIGRATION_DATABASE_URL"]]
    return subprocess.run(words, capture_output=True, check=True).stdout


def _text(value: object) -> bytes:
    return json.dumps(value, default=str, ensure_ascii=False).encode()


def _found(needles: dict[str, bytes], dsn: str) -> set[str]:
    """The needles that are found in the clear: in the database, or in any file of the data directory."""
    haystack = _dump(dsn)
    files = [file for file in Path(settings.PLACET_DATA_DIR).rglob("*") if file.is_file()]
    haystack += b"\n".join(file.read_bytes() for file in files if "postgres" not in file.parts)
    return {name for name, needle in needles.items() if needle in haystack}


def _opened(needles: dict[str, bytes], scenario: Scenario, person: str) -> set[str]:
    """The needles that the remaining keys can still decrypt."""
    opened = [_text(vars(event.fact)) for event in scenario.log.read_from(0, 10_000)]
    folder = Path(settings.PLACET_DATA_DIR) / "private" / person
    opened += [private().open(person, file.name) for file in folder.iterdir()] if folder.is_dir() else []
    try:
        opened.append(_raw_key(person))
    except Exception:  # noqa: BLE001  a destroyed key gives nothing
        opened.append(b"")
    haystack = b"\n".join(opened)
    return {name for name, needle in needles.items() if needle in haystack}


def _verifies(dsn: str) -> bool:
    """Every digest is what the stored bytes give."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT data, encrypted, digest FROM eventlog_event").fetchall()
    return bool(rows) and all(
        digest(bytes(data), bytes(encrypted) if encrypted else None) == bytes(stored)
        for data, encrypted, stored in rows
    )
