"""A run while it goes on: what stops it, and that nothing of a stopped one is kept."""

import pytest

from placet.eventlog.effects import Claim, LeaseLost
from placet.eventlog.ids import GenerationId
from placet.likeness import commands as likeness
from placet.rights import commands as rights
from placet.studio import commands as studio
from placet.studio import events as e
from placet.studio.runs import Runs
from tests.cast import ANA, BEN, DARA
from tests.story import Story, new_id

pytestmark = pytest.mark.usefixtures("blind")


@pytest.fixture
def blind(story: Story) -> None:
    story.pump.without = frozenset({"moderation.measure_clip", "likeness.check_faces", "provenance.sign_clip"})


def started(story: Story, prompt: str = "a red ball bounces", *cameos: str) -> tuple[Runs, Claim, GenerationId]:
    generation = story.ask(BEN, prompt, *cameos)  # type: ignore[arg-type]  # persons of the cast
    runs = Runs(story.pump.connection)
    claimed = runs.claim()
    assert claimed is not None
    return runs, claimed[0], generation


def made(generation: GenerationId) -> e.GenerationMade:
    return e.GenerationMade(generation, "a" * 64, 1, 4.0, "0" * 16, {}, {})


@pytest.mark.promise("P3")
def test_a_revocation_stops_a_run_at_its_next_beats_and_nothing_is_kept(story: Story) -> None:
    likeness.allow(story.log, ANA, BEN, new_id())
    story.pump.run()
    runs, held, generation = started(story, "a red ball bounces", ANA)
    assert runs.beat(held, "draw", 0.1) is None
    likeness.revoke(story.log, ANA, None, new_id())
    runs.beat(held, "draw", 0.2)
    story.pump.run()
    assert runs.beat(held, "draw", 0.3) == "consent_revoked"
    runs.finish(held, made(generation))
    assert story.state(generation).state == "refused"
    assert story.state(generation).made is None


@pytest.mark.promise("P4")
def test_an_opt_out_filed_during_a_run_stops_it(story: Story) -> None:
    runs, held, generation = started(story, "a red ball and Zorblax")
    rights.file_opt_out(story.log, rights.FileOptOut(new_id(), DARA, ("Zorblax",)), frozenset())
    runs.beat(held, "draw", 0.2)
    story.pump.run()
    assert runs.beat(held, "draw", 0.3) == "opt_out_matched"
    assert story.state(generation).state == "refused"


def test_an_opt_out_that_does_not_concern_it_lets_a_run_go_on(story: Story) -> None:
    runs, held, generation = started(story)
    rights.file_opt_out(story.log, rights.FileOptOut(new_id(), DARA, ("Zorblax",)), frozenset())
    runs.beat(held, "draw", 0.2)
    story.pump.run()
    assert runs.beat(held, "draw", 0.3) is None
    runs.finish(held, made(generation))
    assert story.state(generation).state == "made"


def test_a_cancelled_run_stops_and_its_quota_is_given_back(story: Story) -> None:
    runs, held, generation = started(story)
    studio.cancel(story.log, generation, BEN, new_id())
    assert runs.beat(held, "draw", 0.3) == "cancelled"


def test_a_worker_that_slept_past_its_lease_writes_nothing(story: Story) -> None:
    runs, held, generation = started(story)
    with story.pump.connection.transaction():
        story.pump.connection.execute("UPDATE effect SET lease_until = now() - interval '1 second' WHERE kind = 'run'")
    again = runs.claim()
    assert again is not None
    with pytest.raises(LeaseLost):
        runs.finish(held, made(generation))
    runs.finish(again[0], made(generation))
    assert story.state(generation).state == "made"
