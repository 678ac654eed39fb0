"""The housekeeper: what no event names goes after an hour, what any event names stays, and nights have their proof."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from placet.eventlog.store.connect import connect
from placet.eventlog.store.sequencer import Sequencer
from placet.media.blobs import BlobStore
from placet.operations.jobs.blob_gc import Sweeper
from placet.operations.jobs.schedule import begin, last_hour, last_night
from placet.operations.jobs.scheduler import Housekeeper
from placet.operations.monitoring.alerts import alarms
from placet.operations.monitoring.collector import measure
from placet.studio import events as e
from placet.studio.generation import stream_of
from provenance.events import ClipSigned
from tests.support.cast import BEN
from tests.support.fake_worker import Play

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path)


class Hours:
    """A clock that goes forward when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, hours: float) -> None:
        self.now += 3600 * hours


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def sweeper(store: BlobStore, hours: Hours) -> Sweeper:
    return Sweeper(store, hours)


def made(play: Play, sha256: str) -> None:
    """A generation's event names a blob."""
    generation = play.story.ask(BEN)
    version = play.story.state(generation).version
    fact = e.GenerationMade(generation, sha256, 1, 4.0, "0" * 16, {}, {})
    play.story.log.append(stream_of(generation), [fact], expected=version)


def test_what_no_event_names_goes_after_an_hour(play: Play, store: BlobStore, sweeper: Sweeper, hours: Hours) -> None:
    unnamed, named = store.put(b"unnamed").sha256, store.put(b"named").sha256
    made(play, named)
    play.story.pump.run()
    assert sweeper.sweep(play.story.pump.connection) == {"removed": 0}
    young = store.put(b"young").sha256
    hours.pass_by(1)
    assert sweeper.sweep(play.story.pump.connection) == {"removed": 1}
    assert (store.has(unnamed), store.has(young), store.has(named)) == (False, True, True)


def test_a_clock_that_jumps_makes_nothing_old(play: Play, store: BlobStore, sweeper: Sweeper, hours: Hours) -> None:
    """As after 400 days: the file's own time is of long ago."""
    unnamed = store.put(b"about to be named").sha256
    os.utime(store.path(unnamed), (0, 0))
    assert sweeper.sweep(play.story.pump.connection) == {"removed": 0}
    hours.pass_by(0.9)
    assert sweeper.sweep(play.story.pump.connection) == {"removed": 0}


def test_what_is_put_again_has_another_hour(play: Play, store: BlobStore, sweeper: Sweeper, hours: Hours) -> None:
    sha256 = store.put(b"asked for twice").sha256
    sweeper.sweep(play.story.pump.connection)
    hours.pass_by(1)
    store.put(b"asked for twice")
    assert sweeper.sweep(play.story.pump.connection) == {"removed": 0}
    assert store.has(sha256)


def test_an_event_without_a_position_names_as_well(
    play: Play, store: BlobStore, sweeper: Sweeper, hours: Hours
) -> None:
    sweeper.sweep(play.story.pump.connection)
    made(play, store.put(b"named").sha256)
    hours.pass_by(1)
    assert sweeper.sweep(play.story.pump.connection) == {"removed": 0}


def test_what_was_pending_is_still_known_when_it_has_a_position(
    play: Play, store: BlobStore, sweeper: Sweeper, hours: Hours
) -> None:
    made(play, store.put(b"named").sha256)
    sweeper.sweep(play.story.pump.connection)
    Sequencer(play.story.pump.connection).run_once()
    generation, signed = play.story.ask(BEN), store.put(b"signed").sha256
    play.story.given(f"signature-{generation}", ClipSigned(generation, "", signed, "manifest", {}))
    hours.pass_by(1)
    assert sweeper.sweep(play.story.pump.connection) == {"removed": 0}
    assert store.has(signed), "any event counts, whatever its type"


def test_a_chore_is_taken_by_one_and_only_when_due(fresh_database: str) -> None:
    now = datetime.now(UTC)
    with connect() as one, connect() as other:
        assert not begin(one, "sweep", last_hour(now)), "a chore never seen counts as just begun"
        later = now + timedelta(hours=2)
        assert [begin(one, "sweep", last_hour(later)), begin(other, "sweep", last_hour(now))] == [True, False]


def test_a_chore_begun_in_the_future_is_due(fresh_database: str) -> None:
    with connect() as connection:
        begin(connection, "sweep", last_hour(datetime.now(UTC)))
        connection.execute("UPDATE chore SET begun_at = clock_timestamp() + interval '400 days'")
        assert begin(connection, "sweep", last_hour(datetime.now(UTC))), "the clock was wrong when it was begun"


def test_the_night_is_at_three() -> None:
    assert last_night(NOW) == NOW.replace(hour=3)
    assert last_night(NOW.replace(hour=2)) == NOW.replace(day=1, hour=3)


def test_a_row_changed_past_the_log_is_an_alarm_after_the_night(play: Play, store: BlobStore) -> None:
    play.story.ask(BEN)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE studio_generation SET state = 'published'")
    keeper, tomorrow = Housekeeper(connect, store), datetime.now(UTC) + timedelta(days=1)
    assert keeper.look(play.story.pump.connection, datetime.now(UTC)) == []
    assert keeper.look(play.story.pump.connection, tomorrow) == ["sweep", "shadow"]
    measured = measure()
    assert measured.chores["shadow"].outcome["differences"] == {"studio.generations": 1}
    assert "projection_differs" in {alarm.code for alarm in alarms(measured)}
