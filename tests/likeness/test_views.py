"""Pages of a person's own likeness: enrolment, level, people, one clip, and the revocation of everything."""

from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile

from placet.likeness.consent import Consent, consent_of
from tests.support.cast import ANA, BEN, CLEO
from tests.support.fake_worker import FakeWorker
from tests.support.scenario import new_id
from tests.support.visitor import Visit, published

ONCE = new_id()
PORTRAIT = Path(__file__).parents[2] / "platform" / "placet" / "devtools" / "demo" / "portraits" / "astronaut.jpg"


def consent(worker: FakeWorker, person: str = ANA) -> Consent:
    return Consent.replay(worker.scenario.log.read(consent_of(person)))


def test_a_portrait_is_stored_and_its_enrolment_requested(visit: Visit, worker: FakeWorker) -> None:
    cleo = visit(CLEO)
    assert "sealed under a key of your own" in cleo.get("/likeness/")
    cleo.post("/likeness/enrol/", portrait=SimpleUploadedFile("me.jpg", PORTRAIT.read_bytes()), agrees="on")
    assert "Your portrait is being read" in cleo.get("/likeness/")
    assert worker.scenario.log.heads([f"enrolment-{CLEO}"]) == {f"enrolment-{CLEO}": 1}


def test_without_consent_or_a_picture_nothing_is_stored(visit: Visit, worker: FakeWorker) -> None:
    cleo, picture = visit(CLEO), SimpleUploadedFile("me.jpg", PORTRAIT.read_bytes())
    cleo.post("/likeness/enrol/", status=422, portrait=picture)
    page = cleo.post("/likeness/enrol/", status=422, portrait=SimpleUploadedFile("a.jpg", b"GIF89a"), agrees="on")
    assert "Send a JPEG, PNG or WebP picture." in page
    assert worker.scenario.log.heads([f"enrolment-{CLEO}"]) == {f"enrolment-{CLEO}": 0}


def test_a_level_and_people_are_set(visit: Visit, worker: FakeWorker) -> None:
    ana = visit(ANA)
    ana.post("/likeness/level/", level="only_me")
    ana.post("/likeness/people/", name="ben", act="allow")
    assert (consent(worker).level, consent(worker).grants) == ("only_me", {BEN})
    assert "Withdraw" in ana.get("/likeness/")
    ana.post("/likeness/people/", person=BEN, act="withdraw")
    assert consent(worker).grants == set()
    ana.post("/likeness/people/", person=BEN, act="block")
    assert "People you block" in ana.get("/likeness/")


def test_an_unknown_name_is_refused(visit: Visit) -> None:
    assert "person_not_found" in visit(ANA).post("/likeness/people/", status=404, name="Zed", act="allow")


def test_the_revocation_of_everything_is_explained_first(visit: Visit, worker: FakeWorker) -> None:
    generation = published(worker, ANA)
    ana = visit(ANA)
    assert "Yes, stop everything" in ana.get("/likeness/stop/")
    assert not consent(worker).is_revoked
    for _ in range(2):
        ana.post("/likeness/stop/", command=ONCE)
    assert worker.scenario.log.heads([consent_of(ANA)])[consent_of(ANA)] == 3, (
        "two identical requests are one revocation"
    )
    assert "Everything is stopped" in ana.get("/likeness/")
    visit(None).get(f"/media/{generation}.mp4", status=410)


def test_only_a_person_shown_can_take_a_clip_down(visit: Visit, worker: FakeWorker) -> None:
    generation = published(worker, ANA)
    visit(BEN).post(f"/likeness/clips/{generation}/remove/", status=403)
    visit(ANA).post(f"/likeness/clips/{generation}/remove/")


def test_a_requester_sees_names_and_no_ids(visit: Visit) -> None:
    page = visit(BEN).get("/likeness/names/")
    assert 'data-name="Ana"' in page
    assert ANA not in page


def test_each_change_of_consent_has_a_receipt_on_the_page(visit: Visit, worker: FakeWorker) -> None:
    ana = visit(ANA)
    ana.post("/likeness/people/", name="ben", act="allow")
    granted = worker.scenario.log.read(consent_of(ANA)).events[-1]
    worker.scenario.driver.run()
    page = ana.get("/likeness/")
    assert "Person approved" in page
    assert f"/api/v1/receipts/{granted.event_id}" in page
    ana.get(f"/api/v1/receipts/{granted.event_id}")
