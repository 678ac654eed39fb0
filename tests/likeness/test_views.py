"""A person's own likeness: enrol, level, people, one clip, and the big switch."""

from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile

from placet.likeness.consent import Consent, consent_of
from tests.support.cast import ANA, BEN, CLEO
from tests.support.fake_worker import FakeWorker
from tests.support.scenario import new_id
from tests.support.visitor import Visit, published

ONCE = new_id()
PORTRAIT = Path(__file__).parents[2] / "platform" / "placet" / "devtools" / "demo" / "portraits" / "astronaut.jpg"


def consent(stage: FakeWorker, person: str = ANA) -> Consent:
    return Consent.replay(stage.scenario.log.read(consent_of(person)))


def test_a_portrait_is_kept_sealed_and_asked_about(visit: Visit, stage: FakeWorker) -> None:
    cleo = visit(CLEO)
    assert "sealed under a key of your own" in cleo.get("/likeness/")
    cleo.post("/likeness/enrol/", portrait=SimpleUploadedFile("me.jpg", PORTRAIT.read_bytes()), agrees="on")
    assert "Your portrait is being read" in cleo.get("/likeness/")
    assert stage.scenario.log.heads([f"enrolment-{CLEO}"]) == {f"enrolment-{CLEO}": 1}


def test_without_consent_or_a_picture_nothing_is_kept(visit: Visit, stage: FakeWorker) -> None:
    cleo, picture = visit(CLEO), SimpleUploadedFile("me.jpg", PORTRAIT.read_bytes())
    cleo.post("/likeness/enrol/", status=422, portrait=picture)
    page = cleo.post("/likeness/enrol/", status=422, portrait=SimpleUploadedFile("a.jpg", b"GIF89a"), agrees="on")
    assert "Send a JPEG, PNG or WebP picture." in page
    assert stage.scenario.log.heads([f"enrolment-{CLEO}"]) == {f"enrolment-{CLEO}": 0}


def test_a_level_and_people_are_set(visit: Visit, stage: FakeWorker) -> None:
    ana = visit(ANA)
    ana.post("/likeness/level/", level="only_me")
    ana.post("/likeness/people/", name="ben", act="allow")
    assert (consent(stage).level, consent(stage).grants) == ("only_me", {BEN})
    assert "Withdraw" in ana.get("/likeness/")
    ana.post("/likeness/people/", person=BEN, act="withdraw")
    assert consent(stage).grants == set()
    ana.post("/likeness/people/", person=BEN, act="block")
    assert "People you block" in ana.get("/likeness/")


def test_a_name_that_nobody_has_is_said_so(visit: Visit) -> None:
    assert "person_not_found" in visit(ANA).post("/likeness/people/", status=404, name="Zed", act="allow")


def test_the_big_switch_first_says_what_it_does(visit: Visit, stage: FakeWorker) -> None:
    generation = published(stage, ANA)
    ana = visit(ANA)
    assert "Yes, stop everything" in ana.get("/likeness/stop/")
    assert not consent(stage).is_revoked
    for _ in range(2):
        ana.post("/likeness/stop/", command=ONCE)
    assert stage.scenario.log.heads([consent_of(ANA)])[consent_of(ANA)] == 3, "pressed twice, it is one withdrawal"
    assert "Everything is stopped" in ana.get("/likeness/")
    visit(None).get(f"/media/{generation}.mp4", status=410)


def test_only_whom_it_shows_takes_a_clip_down(visit: Visit, stage: FakeWorker) -> None:
    generation = published(stage, ANA)
    visit(BEN).post(f"/likeness/clips/{generation}/remove/", status=403)
    visit(ANA).post(f"/likeness/clips/{generation}/remove/")


def test_whoever_asks_sees_names_not_ids(visit: Visit) -> None:
    page = visit(BEN).get("/likeness/names/")
    assert 'data-name="Ana"' in page
    assert ANA not in page


def test_each_change_of_a_consent_has_its_receipt_on_the_page(visit: Visit, stage: FakeWorker) -> None:
    ana = visit(ANA)
    ana.post("/likeness/people/", name="ben", act="allow")
    granted = stage.scenario.log.read(consent_of(ANA)).events[-1]
    stage.scenario.driver.run()
    page = ana.get("/likeness/")
    assert "Somebody approved" in page
    assert f"/api/v1/receipts/{granted.event_id}" in page
    ana.get(f"/api/v1/receipts/{granted.event_id}")
