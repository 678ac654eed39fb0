"""Being forgotten: asked once, carried out step by step, and told by `erased` wherever something stood."""

import io
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from django.conf import settings
from PIL import Image

from placet.eventlog.codec import digest
from placet.eventlog.event import ERASED
from placet.eventlog.projecting import PROJECTIONS
from placet.eventlog.rebuild import rebuild
from placet.eventlog.vault import SubjectErased, install_vault
from placet.likeness import commands as likeness
from placet.likeness import templates
from placet.likeness.consumers import GALLERY
from placet.likeness.faces import Template
from placet.media.blobs import Area
from placet.media.child import normalise_image
from placet.media.errors import BlobMissing
from placet.media.places import blobs, private
from placet.people import commands as people
from placet.people.events import PersonErased
from placet.people.models import Account
from placet.people.queries import name_of
from placet.studio import commands as studio
from placet.studio import events as e
from placet.studio.queries import standing
from placet.studio.runs import Runs
from placet.studio.telling import prompt_of, told
from tests.cast import ANA, BEN, CLEO
from tests.story import Story, new_id

pytestmark = pytest.mark.usefixtures("own_home", "blind")


@pytest.fixture
def blind(own_home: Path, story: Story) -> None:  # noqa: ARG001  a home of its own, before the story begins
    story.pump.without = frozenset({"moderation.measure_clip", "likeness.check_faces", "provenance.sign_clip"})


def erase(story: Story, person: str) -> PersonErased:
    people.ask_erasure(story.log, person, person, new_id())  # type: ignore[arg-type]  # of the cast
    story.pump.run()
    erased = story.log.read(people.erasure_of(person)).facts[-1]
    assert isinstance(erased, PersonErased)
    return erased


def clip_of(story: Story, by: str, *cameos: str) -> str:
    """A published clip that has bytes."""
    generation = story.draft(by, "a red ball bounces", *cameos)  # type: ignore[arg-type]  # of the cast
    return generation if story.publish(generation, by) == "published" else ""  # type: ignore[arg-type]


@pytest.mark.promise("P9")
def test_a_person_is_gone_from_every_table_and_every_name_reads_erased(story: Story) -> None:
    generation = story.ask(BEN, "a red ball bounces")
    erase(story, BEN)
    assert name_of(BEN) == "erased"
    assert prompt_of(generation) == "erased"
    assert story.state(generation).asked.prompt is ERASED
    assert not Account.objects.filter(person=BEN).exists()
    with pytest.raises(SubjectErased):
        studio.request_generation(story.log, studio.AskGeneration(new_id(), BEN, "a red ball bounces"))


@pytest.mark.promise("P9")
def test_what_shows_the_person_and_what_they_asked_for_is_out_of_sight_and_its_bytes_are_gone(story: Story) -> None:
    likeness.allow(story.log, ANA, BEN, new_id())
    story.pump.run()
    shows_ana, own, other = clip_of(story, BEN, ANA), clip_of(story, ANA), clip_of(story, BEN)
    for clip in (shows_ana, own, other):
        story.given(
            f"generation-{clip}", e.GenerationSigned(clip, blobs().put(clip.encode(), Area.RELEASED).sha256, "m")
        )  # type: ignore[arg-type]
    names = {clip: story.state(clip).signed for clip in (shows_ana, own, other)}  # type: ignore[arg-type]
    assert erase(story, ANA).clips == 2
    for clip, is_there in ((shows_ana, False), (own, False), (other, True)):
        signed, now = names[clip], standing(clip)
        assert signed is not None
        assert now is not None
        assert blobs().has(signed.sha256) is is_there
        assert bool(now.reasons) is not is_there


@pytest.mark.promise("P9")
def test_what_they_had_begun_ends_and_a_run_of_theirs_keeps_nothing(story: Story) -> None:
    generation = story.ask(BEN, "a red ball bounces")
    runs = Runs(story.pump.connection)
    claimed = runs.claim()
    assert claimed is not None
    people.ask_erasure(story.log, BEN, BEN, new_id())
    story.pump.without |= {"studio.erase_person"}
    story.pump.run()
    assert runs.beat(claimed[0], "draw", 0.5) == "cancelled"
    assert runs.finish(claimed[0], e.GenerationMade(generation, "a" * 64, 1, 4.0, "0" * 16, {}, {})) is False
    story.pump.without -= {"studio.erase_person"}
    story.pump.run()
    assert story.state(generation).made is None
    assert isinstance(story.log.read(people.erasure_of(BEN)).facts[-1], PersonErased)


def test_asked_twice_it_is_done_once(story: Story) -> None:
    erase(story, BEN)
    erase(story, BEN)
    assert len(story.log.read(people.erasure_of(BEN)).facts) == 3


@pytest.mark.promise("P9")
def test_projections_are_what_the_log_gives_before_and_after(story: Story) -> None:
    likeness.allow(story.log, ANA, BEN, new_id())
    clip_of(story, BEN, ANA)
    erase(story, ANA)
    assert all(rebuild(target, keep=False).is_same for target in PROJECTIONS.values())


@pytest.mark.promise("P9")
def test_a_template_is_gone_from_the_disk_and_from_the_gallery(story: Story) -> None:
    kept = templates.keep(private(), BEN, Template(np.ones(128), "none"), new_id())
    from placet.likeness.consent import consent_of
    from placet.likeness.events import ConsentRevoked, LikenessEnrolled

    story.given(consent_of(ANA), ConsentRevoked(ANA))
    story.given(consent_of(BEN), LikenessEnrolled(BEN, kept.name, kept.commitment, "none"))
    with pytest.raises(BlobMissing):
        GALLERY.all()  # Ana's template of this story never lay on the disk: a check that cannot see fails
    templates.keep(private(), ANA, Template(np.zeros(128), "none"), _template_of(ANA))
    assert BEN in GALLERY.all()
    assert erase(story, BEN).private_files == 1
    assert BEN not in GALLERY.all()
    with pytest.raises(BlobMissing):
        private().open(BEN, kept.name)


def _template_of(person: str) -> str:
    from placet.likeness.queries import likeness_of

    return likeness_of(person).template


CANARIES = {
    "name": "Quillmarsh Zephyrine",
    "email": "quillmarsh@canary.example",
    "prompt": "a red ball bounces beside tourmalinewhisper",
    "words": "verdigrislantern is no threat",
}


@pytest.mark.promise("P9")
def test_after_an_erasure_no_canary_is_found_in_the_database_or_in_the_home(story: Story, fresh_database: str) -> None:
    quill, portrait, vector = _canary_person(story)
    key = _raw_key(quill)
    needles = {**{k: v.encode() for k, v in CANARIES.items()}, "portrait": portrait, "vector": vector, "key": key}
    before = _found(needles, fresh_database) | _opened(needles, story, quill)
    assert before == set(needles), "the search has no power: what is there is not found"
    erase(story, quill)
    assert _found(needles, fresh_database) | _opened(needles, story, quill) == set()
    assert _verifies(fresh_database)


def _canary_person(story: Story) -> tuple[Any, bytes, bytes]:
    """Somebody whose every trace can be recognised: (person, part of the portrait, part of the template)."""
    from moderation.commands import Contest, contest
    from placet.people.models import AnsweredKey

    code = people.issue_invite(story.log, ANA, new_id())
    quill = people.take_invite(story.log, code, CANARIES["name"], CANARIES["email"], new_id())
    story.pump.run()
    noise = np.random.default_rng(7).integers(0, 255, (64, 64, 3), np.uint8)
    picture = io.BytesIO()
    Image.fromarray(noise).save(picture, "PNG")
    normal = normalise_image(picture.getvalue())
    portrait = private().keep(quill, normal)
    template = templates.keep(private(), quill, Template(np.linspace(0.1, 0.9, 128), "none"), new_id())
    from placet.likeness.consent import consent_of
    from placet.likeness.events import EnrolmentAsked, LikenessEnrolled

    story.pump.without |= {"likeness.enrol"}
    story.given(f"enrolment-{quill}", EnrolmentAsked(quill, portrait))
    story.given(consent_of(quill), LikenessEnrolled(quill, template.name, template.commitment, "none"))
    likeness.allow(story.log, quill, BEN, new_id())
    story.pump.run()
    story.draft(BEN, "a red ball bounces", quill)  # mails to them
    story.draft(quill, CANARIES["prompt"])
    refused = story.ask(quill, f"{CANARIES['prompt']} and Ana", ANA)
    contest(story.log, Contest(new_id(), refused, quill, CANARIES["words"]))
    story.pump.run()
    AnsweredKey.objects.create(
        id=new_id(), person=quill, digest="0" * 64, status=202, answer={"name": CANARIES["name"]},
        asked_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    _send_mails(story)
    vector = np.linspace(0.1, 0.9, 128).astype("<f8").tobytes().hex().encode()
    return quill, normal[60:400], vector[100:300]


def _send_mails(story: Story) -> None:
    from placet.eventlog.effects import run_one

    while run_one(story.pump.connection, "mail"):
        pass


def _raw_key(person: str) -> bytes:
    vault = install_vault()
    stored = (vault.folder / person).read_bytes()
    return vault._wrap.decrypt(stored[:12], stored[12:], person.encode())


def _dump(dsn: str) -> bytes:
    """Every row of every table, with bytea as the bytes that it holds and as text."""
    out = io.BytesIO()
    with psycopg.connect(dsn) as connection:
        tables = [r[0] for r in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):  # type: ignore[arg-type]  # names from the catalogue
                for value in row:
                    out.write(bytes(value) if isinstance(value, bytes | memoryview) else _text(value))
                    out.write(b"\n")
    return out.getvalue()


def _text(value: object) -> bytes:
    return json.dumps(value, default=str, ensure_ascii=False).encode()


def _found(needles: dict[str, bytes], dsn: str) -> set[str]:
    """Which needles stand in the clear: in the database, or in any file of the home."""
    hay = _dump(dsn)
    files = [file for file in Path(settings.PLACET_HOME).rglob("*") if file.is_file()]
    hay += b"\n".join(file.read_bytes() for file in files if "postgres" not in file.parts)
    return {name for name, needle in needles.items() if needle in hay}


def _opened(needles: dict[str, bytes], story: Story, person: str) -> set[str]:
    """Which needles can still be had by whoever opens what is sealed, with the keys that are there."""
    opened = [_text(vars(event.fact)) for event in story.log.read_from(0, 10_000)]
    folder = Path(settings.PLACET_HOME) / "private" / person
    for file in folder.iterdir() if folder.is_dir() else ():
        opened.append(private().open(person, file.name))
    try:
        opened.append(_raw_key(person))
    except Exception:  # noqa: BLE001  a tombstone opens to nothing
        opened.append(b"")
    hay = b"\n".join(opened)
    return {name for name, needle in needles.items() if needle in hay}


def _verifies(dsn: str) -> bool:
    """Every digest is what the stored bytes give."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT data, sealed, digest FROM event").fetchall()
    return bool(rows) and all(
        digest(bytes(data), bytes(sealed) if sealed else None) == bytes(kept) for data, sealed, kept in rows
    )
