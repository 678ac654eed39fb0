"""A run while it goes on: what stops it, and that nothing of a stopped one is kept."""

from dataclasses import asdict

import pytest

from placet.eventlog import outbox
from placet.eventlog.consumers.delivery import PlannedItem
from placet.eventlog.outbox import ClaimedItem, OutboxLeaseLost
from placet.eventlog.store.connect import connect
from placet.kernel.ids import GenerationId
from placet.likeness import commands as likeness
from placet.media.storage import private
from placet.processes.generation_request import request_of
from placet.rights import commands as rights
from placet.studio import commands as studio
from placet.studio import events as e
from placet.studio.commands import quota_of
from placet.studio.jobs import MAX_STARTS, Jobs
from tests.support.cast import ANA, BEN, DARA
from tests.support.scenario import Scenario, new_id

pytestmark = pytest.mark.usefixtures("blind")


@pytest.fixture
def blind(story: Scenario) -> None:
    story.driver.without = frozenset({"moderation.check_quality", "likeness.check_faces", "provenance.sign_clip"})


def started(
    story: Scenario, prompt: str = "a red ball bounces", *cameos: str
) -> tuple[Jobs, ClaimedItem, GenerationId]:
    generation = story.ask(BEN, prompt, *cameos)  # type: ignore[arg-type]  # persons of the cast
    runs = Jobs(story.driver.connection)
    claimed = runs.claim()
    assert claimed is not None
    return runs, claimed[0], generation


def made(generation: GenerationId) -> e.GenerationRendered:
    return e.GenerationRendered(generation, "a" * 64, 1, 4.0, "0" * 16, {}, {})


@pytest.mark.promise("P3")
def test_a_revocation_stops_a_run_at_its_next_beats_and_nothing_is_kept(story: Scenario) -> None:
    likeness.allow(story.log, ANA, BEN, new_id())
    story.driver.run()
    runs, held, generation = started(story, "a red ball bounces", ANA)
    assert runs.heartbeat(held, "draw", 0.1) is None
    likeness.revoke(story.log, ANA, None, new_id())
    runs.heartbeat(held, "draw", 0.2)
    story.driver.run()
    assert runs.heartbeat(held, "draw", 0.3) == "consent_revoked"
    runs.finish(held, made(generation))
    assert story.state(generation).state == "refused"
    assert story.state(generation).rendered is None


@pytest.mark.promise("P4")
def test_an_opt_out_filed_during_a_run_stops_it(story: Scenario) -> None:
    runs, held, generation = started(story, "a red ball and Zorblax")
    rights.file_opt_out(story.log, rights.FileOptOut(new_id(), DARA, ("Zorblax",)), frozenset())
    runs.heartbeat(held, "draw", 0.2)
    story.driver.run()
    assert runs.heartbeat(held, "draw", 0.3) == "opt_out_matched"
    assert story.state(generation).state == "refused"


def test_an_opt_out_that_does_not_concern_it_lets_a_run_go_on(story: Scenario) -> None:
    runs, held, generation = started(story)
    rights.file_opt_out(story.log, rights.FileOptOut(new_id(), DARA, ("Zorblax",)), frozenset())
    runs.heartbeat(held, "draw", 0.2)
    story.driver.run()
    assert runs.heartbeat(held, "draw", 0.3) is None
    runs.finish(held, made(generation))
    assert story.state(generation).state == "rendered"


def test_a_cancelled_run_stops_and_its_quota_is_given_back(story: Scenario) -> None:
    runs, held, generation = started(story)
    studio.cancel(story.log, generation, BEN, new_id())
    assert runs.heartbeat(held, "draw", 0.3) == "cancelled"


def test_a_worker_that_slept_past_its_lease_writes_nothing(story: Scenario) -> None:
    runs, held, generation = started(story)
    with story.driver.connection.transaction():
        story.driver.connection.execute(
            "UPDATE eventlog_outbox SET lease_until = now() - interval '1 second' WHERE kind = 'job'"
        )
    again = runs.claim()
    assert again is not None
    with pytest.raises(OutboxLeaseLost):
        runs.finish(held, made(generation))
    runs.finish(again[0], made(generation))
    assert story.state(generation).state == "rendered"


def test_a_run_that_takes_its_workers_with_it_is_given_up_and_its_quota_given_back(story: Scenario) -> None:
    runs, _, generation = started(story)
    for _ in range(MAX_STARTS - 1):
        story.driver.connection.execute(
            "UPDATE eventlog_outbox SET lease_until = now() - interval '1 second' WHERE kind = 'job'"
        )
        assert runs.claim() is not None
    story.driver.connection.execute(
        "UPDATE eventlog_outbox SET lease_until = now() - interval '1 second' WHERE kind = 'job'"
    )
    assert runs.claim() is None
    assert story.state(generation).state == "failed"
    assert isinstance(story.log.read(quota_of(BEN)).facts[-1], e.QuotaReleased)


def test_who_asks_for_many_keeps_nobody_waiting_and_is_not_kept_waiting(story: Scenario) -> None:
    """Ana asks while five of Ben's wait: hers is after the one that is first; his are not put behind for ever."""
    of_ben = [story.ask(BEN) for _ in range(5)]
    of_ana = [story.ask(ANA) for _ in range(2)]
    runs, taken = Jobs(story.driver.connection), []
    while claimed := runs.claim():
        taken.append(claimed[1].asked.generation)
    assert taken[:4] == [of_ben[0], of_ana[0], of_ben[1], of_ana[1]]
    assert taken[4:] == of_ben[2:]


def test_in_one_batch_as_well(story: Scenario) -> None:
    """The control: without turns, in the order of asking."""
    with connect() as connection, connection.transaction(force_rollback=True):
        for turns, expected in ((("b", "b", "b", "a"), "0312"), (("", "", "", ""), "0123")):
            connection.execute("DELETE FROM eventlog_outbox")
            planned = [PlannedItem("look", str(n), {}, new_id(), "x", turn) for n, turn in enumerate(turns)]
            outbox.plan(connection, "test", planned)
            taken = [claim.key for _ in turns if (claim := outbox.claim(connection, "look", 60))]
            assert "".join(taken) == expected


def test_a_worker_that_draws_several_together_claims_others_of_the_same_shape(story: Scenario) -> None:
    first, long, last = (story.ask(by, seconds=seconds) for by, seconds in ((BEN, 2.0), (ANA, 4.0), (DARA, 2.0)))
    runs = Jobs(story.driver.connection)
    claimed = runs.claim()
    assert claimed is not None
    request = request_of(claimed[1], story.log, private())
    taken = []
    while beside := runs.claim(asdict(request.shape)):
        taken.append(beside[1].asked.generation)
    assert (request.generation, taken) == (first, [last])
    assert (left := runs.claim()) is not None
    assert left[1].asked.generation == long
