"""No event is ever missed by a reader that tails the log by position; by a plain serial id, some are."""

import threading
import time
import uuid

import psycopg
import pytest

from placet.eventlog.benches.tailing import following
from placet.eventlog.benches.writers import Load, Worker, running
from placet.eventlog.sequencer import Sequencer

pytestmark = [pytest.mark.processes]
A_GOOD_MANY = 50_000


def _hold_one_open(dsn: str, seconds: float) -> None:
    """A transaction that draws the lowest id and commits last."""
    with psycopg.connect(dsn) as connection:
        Worker(connection).ours(1)
        time.sleep(seconds)


@pytest.mark.promise("P6")
def test_a_reader_by_position_misses_nothing_and_one_by_serial_id_does(fresh_database: str) -> None:
    late = threading.Thread(target=_hold_one_open, args=(fresh_database, 4))
    late.start()
    load = Load(writers=8, a_transaction=1, count=A_GOOD_MANY // 8, is_rough=True)
    with following(fresh_database, "position", "serial") as tails, running(fresh_database, "ours", load) as wait:
        written, _ = wait()
        late.join()
    with psycopg.connect(fresh_database) as connection:
        assert len(tails["position"].seen) == written + 1 >= A_GOOD_MANY
        assert tails["position"].missed(connection) == 0
        assert tails["position"].is_dense
        assert tails["serial"].missed(connection) > 0, "the control must fail: without it this test has no power"
        assert _disordered(connection) == 0


@pytest.mark.promise("P6")
def test_what_commits_late_gets_a_later_place_and_its_successor_never_comes_first(fresh_database: str) -> None:
    with psycopg.connect(fresh_database, autocommit=True) as connection, psycopg.connect(fresh_database) as slow:
        sequencer, late, other = Sequencer(connection), Worker(slow), Worker(connection)
        late.ours(1)
        other.ours(1)
        assert sequencer.run_once() == 1
        slow.commit()
        Worker(connection, late.stream, version=1).ours(1)
        assert sequencer.run_once() == 2, "the successor above the floor brings its predecessor below it along"
        assert _disordered(connection) == 0


@pytest.mark.promise("P6")
def test_a_rolled_back_append_leaves_no_gap(fresh_database: str) -> None:
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        with connection.transaction(force_rollback=True):
            Worker(connection).ours(3)
        Worker(connection, f"bench-{uuid.uuid4()}").ours(2)
        Sequencer(connection).run_once()
        places = connection.execute("SELECT position FROM event_position ORDER BY 1").fetchall()
    assert places == [(1,), (2,)]


def _disordered(connection: psycopg.Connection) -> int:
    """Pairs of events of one stream whose positions contradict their versions."""
    row = connection.execute(
        "SELECT count(*) FROM event a JOIN event b ON b.stream = a.stream AND b.version = a.version + 1"
        " JOIN event_position pa ON pa.id = a.id JOIN event_position pb ON pb.id = b.id WHERE pb.position < pa.position"
    ).fetchone()
    return int(row[0]) if row else 0
