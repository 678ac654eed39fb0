"""No event is ever missed by a reader that tails the log by position; by a plain serial id, some are."""

import threading
import time
import uuid
from collections.abc import Callable
from typing import Final

import psycopg
import pytest

from placet.devtools.benchmarks.eventlog.tailing import following
from placet.devtools.benchmarks.eventlog.writers import Worker, WriteLoad, running
from placet.eventlog.store.sequencer import Sequencer

pytestmark = [pytest.mark.processes]
EVENTS: Final = 50_000
SOAK_SECONDS: Final = 600


def _hold_one_open(dsn: str, seconds: float) -> None:
    """A transaction that draws the lowest id and commits last."""
    with psycopg.connect(dsn) as connection:
        Worker(connection).ours(1)
        time.sleep(seconds)


@pytest.mark.promise("P6")
def test_a_reader_by_position_misses_nothing_and_one_by_serial_id_does(fresh_database: str) -> None:
    load = WriteLoad(writers=8, a_transaction=1, count=EVENTS // 8, is_rough=True)
    assert tail_during(fresh_database, load) >= EVENTS


@pytest.mark.soak
@pytest.mark.promise("P6")
def test_ten_minutes_of_writing_are_read_without_a_miss(
    fresh_database: str, record_property: Callable[[str, object], None]
) -> None:
    written = tail_during(fresh_database, WriteLoad(writers=8, a_transaction=1, seconds=SOAK_SECONDS, is_rough=True))
    record_property("events", written)


def tail_during(dsn: str, load: WriteLoad) -> int:
    """How many events were written while two readers tailed, of which one missed none."""
    late = threading.Thread(target=_hold_one_open, args=(dsn, 4))
    late.start()
    with following(dsn, "position", "serial") as tails, running(dsn, "ours", load) as wait:
        written, _ = wait()
        late.join()
    with psycopg.connect(dsn) as connection:
        assert len(tails["position"].seen) == written + 1
        assert tails["position"].missed(connection) == 0
        assert tails["position"].is_dense
        assert tails["serial"].missed(connection) > 0, "the control must fail: without it this test has no power"
        assert _disordered(connection) == 0
    return written


@pytest.mark.promise("P6")
def test_a_late_commit_gets_a_later_position_before_its_successor(fresh_database: str) -> None:
    with psycopg.connect(fresh_database, autocommit=True) as connection, psycopg.connect(fresh_database) as slow:
        sequencer, late, other = Sequencer(connection), Worker(slow), Worker(connection)
        late.ours(1)
        other.ours(1)
        assert sequencer.run_once() == 1
        slow.commit()
        Worker(connection, late.stream, version=1).ours(1)
        assert sequencer.run_once() == 2, "the successor brings its predecessor along"
        assert _disordered(connection) == 0


def no_full_passes(sequencer: Sequencer) -> Sequencer:
    """No full pass any more, as under a snapshot that makes them expensive."""
    sequencer.run_once()
    sequencer._full_pass_due = float("inf")
    return sequencer


@pytest.mark.promise("P6")
def test_a_pass_never_begins_above_what_may_still_commit(fresh_database: str) -> None:
    with (
        psycopg.connect(fresh_database, autocommit=True) as connection,
        psycopg.connect(fresh_database) as slow,
        psycopg.connect(fresh_database) as reader,
    ):
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute("SELECT count(*) FROM eventlog_event")
        sequencer, late, other = no_full_passes(Sequencer(connection)), Worker(slow), Worker(connection)
        late.ours(1)
        for _ in range(3):
            Worker(connection).ours(1)
            assert sequencer.run_once() == 1
        assert sequencer.low == 0, "the late writer's id is the lowest"
        slow.commit()
        assert sequencer.run_once() == 1, "the next pass numbers it, without a full pass"
        other.ours(1)
        assert [sequencer.run_once() for _ in range(3)] == [1, 0, 0]
        assert sequencer.low > 0, "a reader, however old its snapshot, holds nothing back"


@pytest.mark.promise("P6")
def test_an_event_below_low_is_numbered_with_its_successor(fresh_database: str) -> None:
    """An id drawn before its transaction is known as a writer: a gap of microseconds, forced here."""
    with psycopg.connect(fresh_database, autocommit=True) as connection, psycopg.connect(fresh_database) as slow:
        sequencer, late = no_full_passes(Sequencer(connection)), Worker(slow)
        late.ours(1)
        Worker(connection).ours(1)
        assert sequencer.run_once() == 1
        slow.commit()
        sequencer.low = 2
        assert sequencer.run_once() == 0
        Worker(connection, late.stream, version=1).ours(1)
        assert sequencer.run_once() == 2
        assert _disordered(connection) == 0


@pytest.mark.promise("P6")
def test_a_rolled_back_append_leaves_no_gap(fresh_database: str) -> None:
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        with connection.transaction(force_rollback=True):
            Worker(connection).ours(3)
        Worker(connection, f"bench-{uuid.uuid4()}").ours(2)
        Sequencer(connection).run_once()
        positions = connection.execute("SELECT position FROM eventlog_event_position ORDER BY 1").fetchall()
    assert positions == [(1,), (2,)]


def _disordered(connection: psycopg.Connection) -> int:
    """Pairs of events of one stream whose positions contradict their versions."""
    row = connection.execute(
        "SELECT count(*) FROM eventlog_event a"
        " JOIN eventlog_event b ON b.stream = a.stream AND b.version = a.version + 1"
        " JOIN eventlog_event_position pa ON pa.id = a.id"
        " JOIN eventlog_event_position pb ON pb.id = b.id WHERE pb.position < pa.position"
    ).fetchone()
    return int(row[0]) if row else 0
