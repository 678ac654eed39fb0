"""An old release waits at new events and reports it; a new release reads old ones; nothing is lost."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import psycopg
import pytest

from placet.eventlog.consumers.delivery import Delivery
from placet.eventlog.consumers.runner import CONSUMERS, ConsumerRunner, consume
from placet.eventlog.projections.runner import PROJECTIONS, Projection, ProjectionRows, Projector, position_of
from placet.eventlog.store.connect import connect
from placet.eventlog.store.event import BY_CLASS, TYPES, Encrypted, EncryptedFor, PersonId, event
from placet.eventlog.store.log import RecordedEvent, current_log
from placet.eventlog.store.sequencer import Sequencer
from placet.eventlog.store.upcast import UPCASTERS, upcast
from placet.eventlog.store.versions import every_version
from placet.operations.monitoring.alerts import active_alerts
from placet.operations.monitoring.collector import take_snapshot
from placet.people.models import UsedSignInLink
from tests.support.cast import ANA
from tests.support.flow_driver import run_from_checkpoint

STREAM = "parcel-00000000-0000-4000-8000-000000000001"
Release = Literal["old", "new"]


def as_the_old_release_knows_it() -> type[Any]:
    class ParcelSent:
        person: PersonId
        to: Annotated[Encrypted, EncryptedFor("person")]

    return event("parcel.parcel_sent.v1", stream="parcel")(ParcelSent)


def as_the_new_release_knows_it() -> type[Any]:
    class ParcelSent:
        person: PersonId
        to: Annotated[Encrypted, EncryptedFor("person")]
        weight: int

    upcast("parcel.parcel_sent.v1")(lambda data: {**data, "weight": 0})
    return event("parcel.parcel_sent.v2", stream="parcel")(ParcelSent)


@dataclass
class Site:
    """One database with the old or the new release."""

    own: psycopg.Connection[Any]
    answered: list[str] = field(default_factory=list)
    folded: list[str] = field(default_factory=list)
    others: list[int] = field(default_factory=list)

    def run(self, release: Release) -> None:
        """Register the types and handlers of this release instead of the other."""
        self.stop()
        known = as_the_new_release_knows_it() if release == "new" else as_the_old_release_knows_it()
        consume(known, name="parcel.notify", never_skips=True)(self.notify)
        target = PROJECTIONS["parcel.list"] = Projection("parcel.list", 1, (UsedSignInLink,))
        target.on(known)(self.fold)
        other = PROJECTIONS["parcel.other"] = Projection("parcel.other", 1, (UsedSignInLink,))
        other.folds["people.person_joined.v1"] = lambda _fact, happened, _rows: self.others.append(happened.position)

    def stop(self) -> None:
        for name in [n for n in TYPES if n.startswith("parcel.")]:
            BY_CLASS.pop(TYPES.pop(name).fact)
        UPCASTERS.pop("parcel.parcel_sent.v1", None)
        CONSUMERS.pop("parcel.notify", None)
        for name in ("parcel.list", "parcel.other"):
            PROJECTIONS.pop(name, None)

    def notify(self, fact: Any, delivery: Delivery) -> None:
        """Plans one item per parcel."""
        delivery.plan("parcel", {"to": str(fact.to), "weight": getattr(fact, "weight", None)}, key="notified")

    def fold(self, fact: Any, happened: RecordedEvent, _rows: ProjectionRows) -> None:
        self.folded.append(f"{happened.position}: {getattr(fact, 'weight', None)}")

    def send(self, *facts: object) -> None:
        log = current_log()
        log.append(STREAM, facts, expected=log.heads([STREAM])[STREAM])
        while Sequencer(self.own).run_once():
            pass

    def work(self) -> None:
        """One pass of everything; a consumer that must wait stops after its first try."""
        Projector([PROJECTIONS["parcel.list"], PROJECTIONS["parcel.other"]]).run_once()
        stop = threading.Event()
        runner = ConsumerRunner(CONSUMERS["parcel.notify"], self.own, stop)
        runner._back_off = lambda *_: stop.set()  # type: ignore[method-assign]  # a pause would last until the new release
        run_from_checkpoint(runner)

    def notified(self) -> list[tuple[str, int | None]]:
        rows = self.own.execute(
            "SELECT payload ->> 'to', payload -> 'weight' FROM eventlog_outbox ORDER BY id"
        ).fetchall()
        return [(row[0], row[1]) for row in rows]


@pytest.fixture
def site(fresh_database: str) -> Iterator[Site]:
    with connect() as own:
        found = Site(own)
        yield found
        found.stop()


def known(fact: str) -> type[Any]:
    return next(cls for cls, kind in BY_CLASS.items() if kind.name == fact)


def test_new_code_reads_and_processes_old_events(site: Site) -> None:
    site.run("old")
    site.send(known("parcel.parcel_sent.v1")(ANA, "home"))
    site.run("new")
    site.work()
    assert site.notified() == [("home", 0)]
    assert site.folded == ["1: 0"]


def test_old_code_waits_for_a_newer_event_and_says_so(site: Site) -> None:
    site.run("new")
    site.send(known("parcel.parcel_sent.v2")(ANA, "home", 7))
    site.run("old")
    for _ in range(3):
        site.work()
    assert (site.notified(), site.folded) == ([], [])
    assert position_of("parcel.list") == position_of("parcel.notify") == 0
    assert position_of("parcel.other") == 1, "projections of other types continue"
    assert site.own.execute("SELECT count(*) FROM eventlog_dead_letter").fetchone() == (0,), "a wait is no dead letter"
    progress = take_snapshot().projections["parcel.list"]
    assert (progress.waits_for_type, progress.lag) == ("parcel.parcel_sent.v2", 1)


def test_the_wait_raises_an_alert_that_names_type_and_position(site: Site, owner_dsn: str) -> None:
    site.run("new")
    site.send(known("parcel.parcel_sent.v2")(ANA, "home", 7))
    site.run("old")
    site.work()
    with psycopg.connect(owner_dsn, autocommit=True) as owner:  # the event is made older than five seconds
        owner.execute("ALTER TABLE eventlog_event DISABLE TRIGGER USER")
        owner.execute("UPDATE eventlog_event SET recorded_at = recorded_at - interval '1 minute'")
    found = [alert for alert in active_alerts(take_snapshot()) if alert.code == "unknown_event_type"]
    assert [alert.message for alert in found] == [
        "parcel.list is waiting after position 0: this release does not know parcel.parcel_sent.v2."
    ], "projections of other types do not wait"
    assert not [
        alert
        for alert in active_alerts(take_snapshot())
        if alert.code == "projection_lagging" and "parcel" in alert.message
    ]


@pytest.mark.promise("P6")
def test_after_a_rollback_and_upgrade_nothing_is_lost_or_reordered(site: Site) -> None:
    site.run("old")
    site.send(known("parcel.parcel_sent.v1")(ANA, "first"))
    site.work()
    site.run("new")
    site.send(known("parcel.parcel_sent.v2")(ANA, "second", 2))
    site.run("old")
    site.send(known("parcel.parcel_sent.v1")(ANA, "third"))
    site.work()
    assert site.notified() == [("first", None)], "events behind the newer one wait as well"
    site.run("new")
    site.work()
    assert site.notified() == [("first", None), ("second", 2), ("third", 0)]
    assert site.folded == ["1: None", "2: 2", "3: 0"]


def test_past_and_future_versions_are_subscribed() -> None:
    found = every_version({"parcel.parcel_sent.v2"})
    assert {"parcel.parcel_sent.v1", "parcel.parcel_sent.v2", "parcel.parcel_sent.v9"} <= found
    assert not any(name.startswith("parcel.parcel_sent_back") for name in found)
