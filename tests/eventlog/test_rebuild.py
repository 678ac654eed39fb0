"""Every projection, thrown away and folded again from the log, gives the same rows; a row edited by hand is found."""

import random

import pytest
from django.db import connection

from placet.config import flow
from placet.eventlog.log import EventLog, current_log
from placet.eventlog.projecting import PROJECTIONS, Projector
from placet.eventlog.rebuild import rebuild
from placet.eventlog.sequencer import Sequencer
from tests.random_events import write_random_events

MANY = 10_000


@pytest.fixture
def a_long_log(fresh_database: str) -> EventLog:
    flow.load()
    log = current_log()
    write_random_events(log, random.Random(7), MANY)
    while Sequencer(connection.connection).run_once():
        pass
    while Projector().run_once():
        pass
    return log


@pytest.mark.promise("P7")
def test_every_projection_rebuilt_from_nothing_has_the_same_digest(a_long_log: EventLog) -> None:
    assert a_long_log.last_position >= MANY
    for target in PROJECTIONS.values():
        assert rebuild(target).is_same, target.name


@pytest.mark.promise("P7")
def test_a_row_edited_by_hand_is_found(a_long_log: EventLog) -> None:
    target = PROJECTIONS["studio.generations"]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE studio_generation SET seconds = seconds + 1"
            " WHERE ctid IN (SELECT ctid FROM studio_generation LIMIT 1)"
        )
    assert not rebuild(target, keep=False).is_same
    assert not rebuild(target).is_same, "comparing alone has mended nothing"
    assert rebuild(target).is_same
