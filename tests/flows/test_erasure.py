"""Being forgotten: asked once, carried out step by step, and told by `erased` wherever something stood."""

from pathlib import Path

import numpy as np
import pytest

from placet.eventlog.consumers.delivery import Delivery, UnitOfWork
from placet.eventlog.encryption.vault import SubjectErased
from placet.eventlog.projections.diff import differences
from placet.eventlog.projections.runner import PROJECTIONS
from placet.eventlog.store.event import ERASED
from placet.kernel.ids import GenerationId, PersonId
from placet.likeness import commands as likeness
from placet.likeness import face_templates
from placet.likeness.consent import consent_of
from placet.likeness.consumers import GALLERY
from placet.likeness.events import ConsentRevoked, LikenessEnrolled
from placet.likeness.faces import Template
from placet.likeness.queries import likeness_of
from placet.media.blobs import Area
from placet.media.errors import BlobMissing
from placet.media.storage import blobs, private
from placet.people import commands as people
from placet.people.events import PersonErased
from placet.people.models import Account
from placet.people.queries import name_of
from placet.studio import commands as studio
from placet.studio import events as e
from placet.studio.erasure import rendered_by
from placet.studio.jobs import Jobs
from placet.studio.queries import standing
from placet.studio.view_model import prompt_of
from tests.support.cast import ANA, BEN
from tests.support.flow_driver import batch_after
from tests.support.scenario import Scenario, new_id

pytestmark = pytest.mark.usefixtures("own_home", "blind")


@pytest.fixture
def blind(own_home: Path, story: Scenario) -> None:
    story.driver.without = frozenset({"moderation.check_quality", "likeness.check_faces", "provenance.sign_clip"})


def erase(story: Scenario, person: PersonId) -> PersonErased:
    people.request_erasure(story.log, person, person, new_id())
    story.driver.run()
    erased = story.log.read(people.erasure_of(person)).facts[-1]
    assert isinstance(erased, PersonErased)
    return erased


def clip_of(story: Scenario, by: PersonId, *cameos: PersonId) -> GenerationId:
    """A published clip."""
    generation = story.draft(by, "a red ball bounces", *cameos)
    assert story.publish(generation, by) == "published"
    return generation


@pytest.mark.promise("P9")
def test_a_person_is_gone_from_every_table_and_every_name_reads_erased(story: Scenario) -> None:
    generation = story.ask(BEN, "a red ball bounces")
    erase(story, BEN)
    assert name_of(BEN) == "erased"
    assert prompt_of(generation) == "erased"
    assert story.state(generation).asked.prompt is ERASED
    assert not Account.objects.filter(person=BEN).exists()
    with pytest.raises(SubjectErased):
        studio.request_generation(story.log, studio.RequestGeneration(new_id(), BEN, "a red ball bounces"))


@pytest.mark.promise("P9")
def test_what_shows_the_person_and_what_they_asked_for_is_out_of_sight_and_its_bytes_are_gone(story: Scenario) -> None:
    likeness.allow(story.log, ANA, BEN, new_id())
    story.driver.run()
    shows_ana, own, other = clip_of(story, BEN, ANA), clip_of(story, ANA), clip_of(story, BEN)
    for clip in (shows_ana, own, other):
        bytes_of = blobs().put(clip.encode(), Area.RELEASED)
        story.given(f"generation-{clip}", e.GenerationSigned(clip, bytes_of.sha256, "manifest"))
    names = {clip: story.state(clip).signed for clip in (shows_ana, own, other)}
    assert erase(story, ANA).clips == 2
    for clip, is_there in ((shows_ana, False), (own, False), (other, True)):
        signed, now = names[clip], standing(clip)
        assert signed is not None
        assert now is not None
        assert blobs().has(signed.sha256) is is_there
        assert bool(now.reasons) is not is_there


@pytest.mark.promise("P9")
def test_what_they_had_begun_ends_and_a_run_of_theirs_keeps_nothing(story: Scenario) -> None:
    generation = story.ask(BEN, "a red ball bounces")
    runs = Jobs(story.driver.connection)
    claimed = runs.claim()
    assert claimed is not None
    people.request_erasure(story.log, BEN, BEN, new_id())
    story.driver.without |= {"studio.erase_person"}
    story.driver.run()
    assert runs.heartbeat(claimed[0], "draw", 0.5) == "cancelled"
    assert runs.finish(claimed[0], e.GenerationRendered(generation, "a" * 64, 1, 4.0, "0" * 16, {}, {})) is False
    story.driver.without -= {"studio.erase_person"}
    story.driver.run()
    assert story.state(generation).rendered is None
    assert isinstance(story.log.read(people.erasure_of(BEN)).facts[-1], PersonErased)


def test_asked_twice_it_is_done_once(story: Scenario) -> None:
    erase(story, BEN)
    erase(story, BEN)
    assert len(story.log.read(people.erasure_of(BEN)).facts) == 3


@pytest.mark.promise("P9")
def test_projections_are_what_the_log_gives_before_and_after(story: Scenario) -> None:
    likeness.allow(story.log, ANA, BEN, new_id())
    clip_of(story, BEN, ANA)
    erase(story, ANA)
    assert not any(differences(target, story.driver.connection) for target in PROJECTIONS.values())


@pytest.mark.promise("P9")
def test_a_template_is_gone_from_the_disk_and_from_the_gallery(story: Scenario) -> None:
    kept = face_templates.keep(private(), BEN, Template(np.ones(128), "none"), new_id())

    story.given(consent_of(ANA), ConsentRevoked(ANA))
    story.given(consent_of(BEN), LikenessEnrolled(BEN, kept.name, kept.commitment, "none"))
    with pytest.raises(BlobMissing):
        GALLERY.all()  # Ana's template of this story never lay on the disk: a check that cannot see fails
    face_templates.keep(private(), ANA, Template(np.zeros(128), "none"), _template_of(ANA))
    assert BEN in GALLERY.all()
    assert erase(story, BEN).private_files == 1
    assert BEN not in GALLERY.all()
    with pytest.raises(BlobMissing):
        private().open(BEN, kept.name)


def _template_of(person: str) -> str:

    return likeness_of(person).template


@pytest.mark.promise("P9")
@pytest.mark.parametrize("dead", ["studio.prepare_erasure", "studio.erase_person"])
def test_who_dies_before_writing_is_followed_by_another_who_does_it_again(story: Scenario, dead: str) -> None:
    """The handler has done its work in the world, and its process dies before its facts are written."""
    generation = story.ask(BEN, "a red ball bounces")
    people.request_erasure(story.log, BEN, BEN, new_id())
    story.driver.without |= {dead}
    story.driver.run()
    runner = story.driver.runners[dead]
    for event in batch_after(runner, story.driver.places[dead]).events:
        runner.consumer.handle(event.fact, Delivery(event, dead, UnitOfWork(story.log)))
    story.driver.without -= {dead}
    story.driver.run()
    assert isinstance(story.log.read(people.erasure_of(BEN)).facts[-1], PersonErased)
    assert len(story.log.read(people.erasure_of(BEN)).facts) == 3
    assert story.state(generation).state == "cancelled"


@pytest.mark.promise("P9")
def test_what_a_killed_worker_had_made_and_never_told_of_is_gone_too(story: Scenario) -> None:
    story.ask(BEN, "a red ball bounces")
    claimed = Jobs(story.driver.connection).claim()
    assert claimed is not None
    untold = blobs().put(b"made, and never told of", Area.QUARANTINE)
    rendered_by(blobs().root, str(claimed[0].id), untold.sha256).touch()
    story.driver.connection.execute(
        "UPDATE eventlog_outbox SET lease_until = now() - interval '1 second' WHERE kind = 'job'"
    )
    erase(story, BEN)
    assert not blobs().has(untold.sha256)
