"""Whatever people do, in whatever order, and whichever part stands still, dies or is told twice: the promises hold.

The machine steps through the flow by hand. Between two steps any consumer may have run or not, may have forgotten all
that it knew, or may be handed the log again. What it asks is what the person in the picture would ask.
"""

import uuid
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from moderation.events import QualityChecked
from placet.eventlog.consumers import runner
from placet.eventlog.projections.diff import differences
from placet.eventlog.projections.runner import PROJECTIONS, Projector
from placet.eventlog.store.connect import connect
from placet.eventlog.store.sequencer import Sequencer
from placet.kernel.ids import GenerationId, PersonId
from placet.likeness import commands as likeness
from placet.likeness.consent import consent_of
from placet.likeness.events import FacesChecked, LikenessEnrolled
from placet.people.commands import join
from placet.people.events import PersonJoined
from placet.studio import commands as studio
from placet.studio import decide, queries
from placet.studio import events as e
from placet.studio.generation import Generation
from placet.studio.jobs import Jobs, RecheckPending
from placet.studio.refusals import NotADraft, NothingToCancel, RestrictionInForce
from provenance.events import ClipSigned
from tests.support.flow_driver import FlowDriver
from tests.support.scenario import Scenario, new_id

BLIND = frozenset({"moderation.check_quality", "likeness.check_faces", "provenance.sign_clip"})
"""The clips have no bytes: the machine says what they would have seen."""
EVERYONE = st.integers(0, 1)


class AnyOrder(RuleBasedStateMachine):
    """One person with a likeness, two who ask. `granted` is what that person would say if asked now."""

    asked = Bundle("asked")

    def __init__(self) -> None:
        super().__init__()
        self.story = Scenario(FlowDriver(without=BLIND))
        self.star, *self.requesters = (PersonId(new_id()) for _ in range(3))
        for person in (self.star, *self.requesters):
            join(self.story.log, PersonJoined(person, "Somebody", f"{person}@example.org", ("creator",)), new_id())
        self.story.given(consent_of(self.star), LikenessEnrolled(self.star, new_id(), "0" * 64, "none"))
        self.granted: set[PersonId] = set()
        self.with_star: dict[GenerationId, PersonId] = {}
        self.gone: set[GenerationId] = set()
        """What was there when its consent was taken back: it may never be seen again."""

    # -- people

    @rule(target=asked, requester=EVERYONE, cameos=st.sampled_from(["nobody", "the star"]))
    def ask(self, requester: int, cameos: str) -> GenerationId:
        return self._ask(requester, cameos)

    def _ask(self, requester: int, cameos: str) -> GenerationId:
        by = self.requesters[requester]
        shown = (self.star,) if cameos == "the star" else ()
        made = studio.request_generation(
            self.story.log, studio.RequestGeneration(new_id(), by, "a red ball bounces", shown)
        )
        if shown:
            self.with_star[made] = by
        return made

    @rule(target=asked, requester=EVERYONE)
    def ask_and_wait_for_the_draft(self, requester: int) -> GenerationId:
        """Chance alone seldom comes that far."""
        self.allow(requester)
        made = self._ask(requester, "the star")
        self.story.driver.run()
        while self.story.state(made).state == "approved":
            self.make()
        self.story.driver.run()
        self.look_at_the_clip(made)
        self.story.driver.run()
        return made

    @rule(requester=EVERYONE)
    def allow(self, requester: int) -> None:
        likeness.allow(self.story.log, self.star, self.requesters[requester], new_id())
        self.granted.add(self.requesters[requester])

    @rule(requester=EVERYONE)
    def withdraw(self, requester: int) -> None:
        by = self.requesters[requester]
        likeness.revoke(self.story.log, self.star, by, new_id())
        self.granted.discard(by)
        self.gone |= {made for made, who in self.with_star.items() if who == by and self._is_published(made)}

    @rule()
    def stop_everything(self) -> None:
        likeness.revoke(self.story.log, self.star, None, new_id())
        self.granted.clear()
        self.gone |= {made for made in self.with_star if self._is_published(made)}

    @rule(generation=asked)
    def publish(self, generation: GenerationId) -> None:
        by = self.story.state(generation).asked.requested_by
        was = self._is_published(generation)
        try:
            state = studio.publish(self.story.log, generation, by, new_id())
        except (NotADraft, RestrictionInForce):
            return
        if state == "published" and not was and generation in self.with_star:
            assert by in self.granted, "published without consent at that moment"

    @rule(generation=asked)
    def withdraw_and_publish(self, generation: GenerationId) -> None:
        """The two meet, and no consumer has run between them."""
        if by := self.with_star.get(generation):
            self.withdraw(self.requesters.index(by))
        self.publish(generation)

    @rule(generation=consumes(asked))
    def cancel(self, generation: GenerationId) -> None:
        by = self.story.state(generation).asked.requested_by
        try:
            studio.cancel(self.story.log, generation, by, new_id())
        except NothingToCancel:
            return

    # -- machines

    @rule()
    def make(self) -> None:
        runs = Jobs(self.story.driver.connection)
        if (claimed := runs.claim()) is None:
            return
        held, generation = claimed
        made = e.GenerationRendered(generation.asked.generation, uuid.uuid4().hex * 2, 1, 4.0, "0" * 16, {}, {})
        try:
            runs.finish(held, made, "a red ball bounces")
        except RecheckPending:
            self.story.driver.connection.execute(
                "UPDATE eventlog_outbox SET lease_until = now() WHERE id = %s", (held.id,)
            )

    @rule(generation=asked)
    def look_at_the_clip(self, generation: GenerationId) -> None:
        if self.story.state(generation).state == "rendered":
            for stream, fact in (
                (f"quality-verdict-{generation}", QualityChecked(generation, "quality", 1, "clear")),
                (f"face-verdict-{generation}", FacesChecked(generation, "faces", 1, "clear")),
                (f"signature-{generation}", ClipSigned(generation, "", "f" * 64, "manifest", {})),
            ):
                if not self.story.log.heads([stream])[stream]:
                    self.story.log.append(stream, [fact], expected=0)

    @rule()
    def number(self) -> None:
        Sequencer(self.story.driver.connection).run_once()

    @rule()
    def fold(self) -> None:
        Projector().run_once()

    @rule(which=st.integers(0, 10_000))
    def answer(self, which: int) -> None:
        while Projector().run_once():  # who waits for the projections would wait for ever in this one thread
            pass
        names = sorted(set(self.story.driver.runners) - BLIND)
        self.story.driver._consume(names[which % len(names)])

    @rule()
    def run_all(self) -> None:
        self.story.driver.run()

    @rule()
    def die(self) -> None:
        """Every process at once: what they had in memory is gone."""
        self.story.driver = FlowDriver(self.story.driver.connection, BLIND)

    @rule(which=st.integers(0, 10_000))
    def tell_again(self, which: int) -> None:
        """A consumer is handed the last of the log a second time."""
        pump = self.story.driver
        name = sorted(pump.places)[which % len(pump.places)]
        pump.places[name] = max(0, pump.places[name] - 30)

    # -- what must be true at any moment

    @invariant()
    def nothing_is_shown_whose_person_took_it_back(self) -> None:
        assert not [made for made in self.gone if self._is_shown(made)]

    @invariant()
    def uses_are_numbered_and_each_is_told_once(self) -> None:
        told = self.story.notices_of(self.star)
        assert [number for number, _, _ in told] == list(range(1, len(told) + 1))
        assert not [use for use, times in Counter((stage, made) for _, stage, made in told).items() if times > 1]

    def teardown(self) -> None:
        """Once everything stands still nothing is left half done."""
        self.story.driver.run()
        told = {made for _, _, made in self.story.notices_of(self.star)}
        ended = {made for made in self.with_star if self.story.state(made).state == "cancelled"}
        assert set(self.with_star) - ended <= told <= set(self.with_star), "a use nobody was told of"
        for made, by in self.with_star.items():
            if by not in self.granted:
                assert self.story.state(made).state not in {"approved", "started"} or self._is_withdrawn(made)
        self.story.driver.connection.execute("DELETE FROM eventlog_outbox WHERE kind = 'job'")
        self.story.driver.connection.close()

    def _is_published(self, generation: GenerationId) -> bool:
        return self.story.state(generation).state == "published"

    def _is_shown(self, generation: GenerationId) -> bool:
        found = queries.standing(generation)
        return found is not None and found.is_visible

    def _is_withdrawn(self, generation: GenerationId) -> bool:
        return bool(self.story.state(generation).restrictions)


@pytest.fixture
def without_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MAX_BACKOFF_SECONDS", 0.0)


def play(examples: int, steps: int, *, is_random: bool) -> None:
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=not is_random,
            database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


@pytest.mark.promise("P1", "P2", "P3", "P6")
@pytest.mark.usefixtures("story", "without_rest")
def test_the_promises_hold_in_any_order() -> None:
    play(20, 30, is_random=False)
    with connect() as connection:
        assert not any(differences(target, connection) for target in PROJECTIONS.values())


@pytest.mark.soak
@pytest.mark.usefixtures("story", "without_rest")
def test_the_promises_hold_in_any_order_for_long() -> None:
    play(500, 60, is_random=True)


@pytest.mark.usefixtures("story", "without_rest")
def test_a_publication_that_does_not_look_again_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: with the check switched off the machine must fail."""

    def blindly(generation: Generation, now: Any) -> decide.Outcome:
        made = generation.asked.generation
        return decide.Outcome([e.PublicationRequested(made), e.GenerationPublished(made, {})])

    monkeypatch.setattr(decide, "request_publication", blindly)
    with pytest.raises(AssertionError, match=r"without consent|took_it_back|_is_shown"):
        play(20, 30, is_random=False)
