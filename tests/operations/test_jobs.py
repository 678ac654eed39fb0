"""Scheduled jobs: a file that no event names is removed after an hour, and projections are checked each night."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from placet.eventlog.store.connect import connect
from placet.eventlog.store.sequencer import Sequencer
from placet.media.blobs import BlobStore
from placet.operations.jobs.blob_gc import BlobGarbageCollector
from placet.operations.jobs.schedule import begin, last_hour, last_night
from placet.operations.jobs.scheduler import Scheduler
from placet.operations.monitoring.alerts import active_alerts
from placet.operations.monitoring.collector import take_snapshot
from placet.studio import events as e
from placet.studio.generation import stream_of
from provenance.events import ClipSigned
from tests.support.cast import BEN
from tests.support.fake_worker import FakeWorker

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path)


class Hours:
    """A clock that a test moves forward."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def advance(self, hours: float) -> None:
        self.now += 3600 * hours


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def sweeper(store: BlobStore, hours: Hours) -> BlobGarbageCollector:
    return BlobGarbageCollector(store, hours)


def rendered(worker: FakeWorker, sha256: str) -> None:
    """A generation's event names a blob."""
    generation = worker.scenario.request(BEN)
    version = worker.scenario.state(generation).version
    fact = e.GenerationRendered(generation, sha256, 1, 4.0, "0" * 16, {}, {})
    worker.scenario.log.append(stream_of(generation), [fact], expected=version)


def test_a_file_that_no_event_names_is_removed_after_an_hour(
    worker: FakeWorker, store: BlobStore, sweeper: BlobGarbageCollector, hours: Hours
) -> None:
    unnamed, named = store.put(b"unnamed").sha256, store.put(b"named").sha256
    rendered(worker, named)
    worker.scenario.driver.run()
    assert sweeper.sweep(worker.scenario.driver.connection) == {"removed": 0}
    young = store.put(b"young").sha256
    hours.advance(1)
    assert sweeper.sweep(worker.scenario.driver.connection) == {"removed": 1}
    assert (store.has(unnamed), store.has(young), store.has(named)) == (False, True, True)


def test_a_clock_that_jumps_makes_no_file_old(
    worker: FakeWorker, store: BlobStore, sweeper: BlobGarbageCollector, hours: Hours
) -> None:
    """As after a jump by 400 days: the file's own time is long past."""
    unnamed = store.put(b"about to be named").sha256
    os.utime(store.path(unnamed), (0, 0))
    assert sweeper.sweep(worker.scenario.driver.connection) == {"removed": 0}
    hours.advance(0.9)
    assert sweeper.sweep(worker.scenario.driver.connection) == {"removed": 0}


def test_a_file_that_is_stored_again_has_another_hour(
    worker: FakeWorker, store: BlobStore, sweeper: BlobGarbageCollector, hours: Hours
) -> None:
    sha256 = store.put(b"stored twice").sha256
    sweeper.sweep(worker.scenario.driver.connection)
    hours.advance(1)
    store.put(b"stored twice")
    assert sweeper.sweep(worker.scenario.driver.connection) == {"removed": 0}
    assert store.has(sha256)


def test_an_event_without_a_position_counts_too(
    worker: FakeWorker, store: BlobStore, sweeper: BlobGarbageCollector, hours: Hours
) -> None:
    sweeper.sweep(worker.scenario.driver.connection)
    rendered(worker, store.put(b"named").sha256)
    hours.advance(1)
    assert sweeper.sweep(worker.scenario.driver.connection) == {"removed": 0}


def test_a_hash_of_a_pending_event_is_known_once_sequenced(
    worker: FakeWorker, store: BlobStore, sweeper: BlobGarbageCollector, hours: Hours
) -> None:
    rendered(worker, store.put(b"named").sha256)
    sweeper.sweep(worker.scenario.driver.connection)
    Sequencer(worker.scenario.driver.connection).run_once()
    generation, signed = worker.scenario.request(BEN), store.put(b"signed").sha256
    worker.scenario.given(f"signature-{generation}", ClipSigned(generation, "", signed, "manifest", {}))
    hours.advance(1)
    assert sweeper.sweep(worker.scenario.driver.connection) == {"removed": 0}
    assert store.has(signed), "any event counts, whatever its type"


def test_a_job_is_claimed_once_and_only_when_due(fresh_database: str) -> None:
    now = datetime.now(UTC)
    with connect() as one, connect() as other:
        assert not begin(one, "blob_gc", last_hour(now)), "a job without a row counts as just begun"
        later = now + timedelta(hours=2)
        assert [begin(one, "blob_gc", last_hour(later)), begin(other, "blob_gc", last_hour(now))] == [True, False]


def test_a_job_begun_in_the_future_is_due(fresh_database: str) -> None:
    with connect() as connection:
        begin(connection, "blob_gc", last_hour(datetime.now(UTC)))
        connection.execute("UPDATE eventlog_job_run SET begun_at = clock_timestamp() + interval '400 days'")
        assert begin(connection, "blob_gc", last_hour(datetime.now(UTC))), "the clock was wrong when it was begun"


def test_the_night_is_at_three() -> None:
    assert last_night(NOW) == NOW.replace(hour=3)
    assert last_night(NOW.replace(hour=2)) == NOW.replace(day=1, hour=3)


def test_a_row_changed_past_the_log_raises_an_alert_after_the_night(worker: FakeWorker, store: BlobStore) -> None:
    worker.scenario.request(BEN)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE studio_generation SET state = 'published'")
    scheduler, tomorrow = Scheduler(connect, store), datetime.now(UTC) + timedelta(days=1)
    assert scheduler.run_due(worker.scenario.driver.connection, datetime.now(UTC)) == []
    assert scheduler.run_due(worker.scenario.driver.connection, tomorrow) == ["blob_gc", "check_projections"]
    measured = take_snapshot()
    assert measured.jobs["check_projections"].outcome["differences"] == {"studio.generations": 1}
    assert "projection_inconsistent" in {alert.code for alert in active_alerts(measured)}
