"""Erasure: requested once, carried out step by step, and shown as `erased`."""

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
from tests.support.fake_worker import REPLACED
from tests.support.flow_driver import batch_after
from tests.support.scenario import Scenario, new_id

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


@pytest.mark.promise("P9")
def test_an_erased_person_is_in_no_table_and_reads_erased(scenario: Scenario) -> None:
    generation = scenario.request(BEN, "a red ball bounces")
    erase(scenario, BEN)
    assert name_of(BEN) == "erased"
    assert prompt_of(generation) == "erased"
    assert scenario.state(generation).required_request.prompt is ERASED
    assert not Account.objects.filter(person=BEN).exists()
    with pytest.raises(SubjectErased):
        studio.request_generation(scenario.log, studio.RequestGeneration(new_id(), BEN, "a red ball bounces"))


@pytest.mark.promise("P9")
def test_clips_of_and_with_the_person_are_hidden_and_deleted(
    scenario: Scenario,
) -> None:
    likeness.allow(scenario.log, ANA, BEN, new_id())
    scenario.driver.run()
    shows_ana, own, other = clip_of(scenario, BEN, ANA), clip_of(scenario, ANA), clip_of(scenario, BEN)
    for clip in (shows_ana, own, other):
        bytes_of = blobs().put(clip.encode(), Area.RELEASED)
        scenario.given(f"generation-{clip}", e.GenerationSigned(clip, bytes_of.sha256, "manifest"))
    names = {clip: scenario.state(clip).signed for clip in (shows_ana, own, other)}
    assert erase(scenario, ANA).clips == 2
    for clip, is_there in ((shows_ana, False), (own, False), (other, True)):
        signed, now = names[clip], standing(clip)
        assert signed is not None
        assert now is not None
        assert blobs().has(signed.sha256) is is_there
        assert bool(now.reasons) is not is_there


@pytest.mark.promise("P9")
def test_unfinished_generations_end_and_a_running_job_keeps_nothing(scenario: Scenario) -> None:
    generation = scenario.request(BEN, "a red ball bounces")
    jobs = Jobs(scenario.driver.connection)
    claimed = jobs.claim()
    assert claimed is not None
    people.request_erasure(scenario.log, BEN, BEN, new_id())
    scenario.driver.stopped_consumers |= {"studio.erase_person"}
    scenario.driver.run()
    assert jobs.heartbeat(claimed[0], "draw", 0.5) == "cancelled"
    assert jobs.finish(claimed[0], e.GenerationRendered(generation, "a" * 64, 1, 4.0, "0" * 16, {}, {})) is False
    scenario.driver.stopped_consumers -= {"studio.erase_person"}
    scenario.driver.run()
    assert scenario.state(generation).rendered is None
    assert isinstance(scenario.log.read(people.erasure_of(BEN)).facts[-1], PersonErased)


def test_two_requests_are_one_erasure(scenario: Scenario) -> None:
    erase(scenario, BEN)
    erase(scenario, BEN)
    assert len(scenario.log.read(people.erasure_of(BEN)).facts) == 3


@pytest.mark.promise("P9")
def test_projections_match_the_log_before_and_after(scenario: Scenario) -> None:
    likeness.allow(scenario.log, ANA, BEN, new_id())
    clip_of(scenario, BEN, ANA)
    erase(scenario, ANA)
    assert not any(differences(target, scenario.driver.connection) for target in PROJECTIONS.values())


@pytest.mark.promise("P9")
def test_a_template_is_deleted_from_the_disk_and_the_gallery(scenario: Scenario) -> None:
    stored = face_templates.keep(private(), BEN, Template(np.ones(128), "none"), new_id())

    scenario.given(consent_of(ANA), ConsentRevoked(ANA))
    scenario.given(consent_of(BEN), LikenessEnrolled(BEN, stored.name, stored.commitment, "none"))
    with pytest.raises(BlobMissing):
        GALLERY.all()  # Ana's template is not on the disk in this scenario: a check that cannot read it fails
    face_templates.keep(private(), ANA, Template(np.zeros(128), "none"), _template_of(ANA))
    assert BEN in GALLERY.all()
    assert erase(scenario, BEN).private_files == 1
    assert BEN not in GALLERY.all()
    with pytest.raises(BlobMissing):
        private().open(BEN, stored.name)


def _template_of(person: str) -> str:

    return likeness_of(person).template


@pytest.mark.promise("P9")
@pytest.mark.parametrize("dead", ["studio.prepare_erasure", "studio.erase_person"])
def test_a_consumer_that_died_before_its_write_is_repeated(scenario: Scenario, dead: str) -> None:
    """The handler has done its side effects, and its process dies before its facts are written."""
    generation = scenario.request(BEN, "a red ball bounces")
    people.request_erasure(scenario.log, BEN, BEN, new_id())
    scenario.driver.stopped_consumers |= {dead}
    scenario.driver.run()
    runner = scenario.driver.runners[dead]
    events = batch_after(runner, scenario.driver.positions[dead]).events
    assert events
    for event in events:
        runner.consumer.handle(event.fact, Delivery(event, dead, UnitOfWork(scenario.log)))
    scenario.driver.stopped_consumers -= {dead}
    scenario.driver.run()
    assert isinstance(scenario.log.read(people.erasure_of(BEN)).facts[-1], PersonErased)
    assert len(scenario.log.read(people.erasure_of(BEN)).facts) == 3
    assert scenario.state(generation).state == "cancelled"


@pytest.mark.promise("P9")
def test_a_blob_of_a_killed_worker_is_deleted(scenario: Scenario) -> None:
    scenario.request(BEN, "a red ball bounces")
    claimed = Jobs(scenario.driver.connection).claim()
    assert claimed is not None
    orphan = blobs().put(b"rendered, and named by no event", Area.QUARANTINE)
    rendered_by(blobs().root, str(claimed[0].id), orphan.sha256).touch()
    scenario.driver.connection.execute(
        "UPDATE eventlog_outbox SET lease_until = now() - interval '1 second' WHERE kind = 'job'"
    )
    erase(scenario, BEN)
    assert not blobs().has(orphan.sha256)
