"""Running jobs: what stops them, and that a stopped one keeps nothing."""

from dataclasses import asdict

import pytest

from placet.eventlog import outbox
from placet.eventlog.consumers.delivery import PlannedItem
from placet.eventlog.outbox import ClaimedItem, OutboxLeaseLost
from placet.eventlog.store.connect import connect
from placet.kernel.ids import GenerationId
from placet.likeness import commands as likeness
from placet.media.storage import blobs, private
from placet.processes.generation_queue import LogJobQueue
from placet.processes.generation_request import request_of
from placet.rights import commands as rights
from placet.studio import commands as studio
from placet.studio import events as e
from placet.studio.commands import quota_of
from placet.studio.generation import stream_of
from placet.studio.jobs import MAX_STARTS, Jobs
from tests.support.cast import ANA, BEN, DARA
from tests.support.fake_worker import REPLACED
from tests.support.scenario import Scenario, new_id

pytestmark = pytest.mark.usefixtures("without_output_checks")


@pytest.fixture
def without_output_checks(scenario: Scenario) -> None:
    scenario.driver.stopped_consumers = REPLACED


def started(
    scenario: Scenario, prompt: str = "a red ball bounces", *cameos: str
) -> tuple[Jobs, ClaimedItem, GenerationId]:
    generation = scenario.request(BEN, prompt, *cameos)  # type: ignore[arg-type]  # persons of the cast
    jobs = Jobs(scenario.driver.connection)
    claimed = jobs.claim()
    assert claimed is not None
    return jobs, claimed[0], generation


def rendered(generation: GenerationId) -> e.GenerationRendered:
    return e.GenerationRendered(generation, "a" * 64, 1, 4.0, "0" * 16, {}, {})


@pytest.mark.promise("P3")
def test_a_revocation_stops_a_job_at_its_next_heartbeats(scenario: Scenario) -> None:
    likeness.allow(scenario.log, ANA, BEN, new_id())
    scenario.driver.run()
    jobs, item, generation = started(scenario, "a red ball bounces", ANA)
    assert jobs.heartbeat(item, "draw", 0.1) is None
    likeness.revoke(scenario.log, ANA, None, new_id())
    jobs.heartbeat(item, "draw", 0.2)
    scenario.driver.run()
    assert jobs.heartbeat(item, "draw", 0.3) == "consent_revoked"
    jobs.finish(item, rendered(generation))
    assert scenario.state(generation).state == "refused"
    assert scenario.state(generation).rendered is None


@pytest.mark.promise("P4")
def test_an_opt_out_filed_during_a_job_stops_it(scenario: Scenario) -> None:
    jobs, item, generation = started(scenario, "a red ball and Zorblax")
    rights.file_opt_out(scenario.log, rights.FileOptOut(new_id(), DARA, ("Zorblax",)), frozenset())
    jobs.heartbeat(item, "draw", 0.2)
    scenario.driver.run()
    assert jobs.heartbeat(item, "draw", 0.3) == "opt_out_matched"
    assert scenario.state(generation).state == "refused"


def test_an_unrelated_opt_out_does_not_stop_a_job(scenario: Scenario) -> None:
    jobs, item, generation = started(scenario)
    rights.file_opt_out(scenario.log, rights.FileOptOut(new_id(), DARA, ("Zorblax",)), frozenset())
    jobs.heartbeat(item, "draw", 0.2)
    scenario.driver.run()
    assert jobs.heartbeat(item, "draw", 0.3) is None
    jobs.finish(item, rendered(generation))
    assert scenario.state(generation).state == "rendered"


def test_a_cancelled_job_stops_and_its_quota_is_released(scenario: Scenario) -> None:
    jobs, item, generation = started(scenario)
    studio.cancel(scenario.log, generation, BEN, new_id())
    assert jobs.heartbeat(item, "draw", 0.3) == "cancelled"
    assert isinstance(scenario.log.read(quota_of(BEN)).facts[-1], e.QuotaReleased)


def test_a_worker_with_an_expired_lease_writes_nothing(scenario: Scenario) -> None:
    jobs, item, generation = started(scenario)
    with scenario.driver.connection.transaction():
        scenario.driver.connection.execute(
            "UPDATE eventlog_outbox SET lease_until = now() - interval '1 second' WHERE kind = 'job'"
        )
    again = jobs.claim()
    assert again is not None
    with pytest.raises(OutboxLeaseLost):
        jobs.finish(item, rendered(generation))
    jobs.finish(again[0], rendered(generation))
    assert scenario.state(generation).state == "rendered"


def test_a_job_that_kills_its_workers_fails_and_releases_quota(scenario: Scenario) -> None:
    jobs, _, generation = started(scenario)
    for _ in range(MAX_STARTS - 1):
        scenario.driver.connection.execute(
            "UPDATE eventlog_outbox SET lease_until = now() - interval '1 second' WHERE kind = 'job'"
        )
        assert jobs.claim() is not None
    scenario.driver.connection.execute(
        "UPDATE eventlog_outbox SET lease_until = now() - interval '1 second' WHERE kind = 'job'"
    )
    assert jobs.claim() is None
    assert scenario.state(generation).state == "failed"
    assert isinstance(scenario.log.read(quota_of(BEN)).facts[-1], e.QuotaReleased)


def test_a_requester_with_many_jobs_does_not_delay_others(scenario: Scenario) -> None:
    """Ana requests while five jobs of Ben wait: hers alternate with his, and his are not delayed for ever."""
    of_ben = [scenario.request(BEN) for _ in range(5)]
    of_ana = [scenario.request(ANA) for _ in range(2)]
    jobs, taken = Jobs(scenario.driver.connection), []
    while claimed := jobs.claim():
        taken.append(claimed[1].required_request.generation)
    assert taken[:4] == [of_ben[0], of_ana[0], of_ben[1], of_ana[1]]
    assert taken[4:] == of_ben[2:]


def test_jobs_planned_in_one_batch_alternate(scenario: Scenario) -> None:
    """The control: without a fairness key, in the order of requests."""
    with connect() as connection, connection.transaction(force_rollback=True):
        for keys, expected in ((("b", "b", "b", "a"), "0312"), (("", "", "", ""), "0123")):
            connection.execute("DELETE FROM eventlog_outbox")
            planned = [PlannedItem("look", str(n), {}, new_id(), "x", key) for n, key in enumerate(keys)]
            outbox.plan(connection, "test", planned)
            taken = [claim.key for _ in keys if (claim := outbox.claim(connection, "look", 60))]
            assert "".join(taken) == expected


def test_a_batching_worker_claims_only_jobs_of_the_same_shape(scenario: Scenario) -> None:
    first, long, last = (scenario.request(by, seconds=seconds) for by, seconds in ((BEN, 2.0), (ANA, 4.0), (DARA, 2.0)))
    jobs = Jobs(scenario.driver.connection)
    claimed = jobs.claim()
    assert claimed is not None
    request = request_of(claimed[1], scenario.log, private())
    taken = []
    while same_shape := jobs.claim(asdict(request.shape)):
        taken.append(same_shape[1].required_request.generation)
    assert (request.generation, taken) == (first, [last])
    assert (left := jobs.claim()) is not None
    assert left[1].required_request.generation == long


def test_a_job_without_its_picture_fails_and_releases_its_quota(scenario: Scenario) -> None:
    generation = scenario.request(BEN, "a red ball bounces", image=new_id())
    assert LogJobQueue(lambda: scenario.driver.connection, blobs(), private(), b"").claim() is None
    (failed,) = (f for f in scenario.log.read(stream_of(generation)).facts if isinstance(f, e.GenerationFailed))
    assert "picture is missing" in failed.hint
    assert isinstance(scenario.log.read(quota_of(BEN)).facts[-1], e.QuotaReleased)
