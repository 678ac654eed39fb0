"""The promises hold for commands in any order, with parts of the flow that stop, die or get events twice.

The state machine steps through the flow. Between two steps any consumer may or may not have run, may have lost its
memory, or may get the log again. The invariants are those of the person shown.
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
from tests.support.fake_worker import REPLACED
from tests.support.flow_driver import FlowDriver
from tests.support.scenario import Scenario, new_id

EVERYONE = st.integers(0, 1)


class AnyOrder(RuleBasedStateMachine):
    """One person with a likeness and two requesters. `granted` is whom the person allows now."""

    requested = Bundle("requested")

    def __init__(self) -> None:
        super().__init__()
        self.scenario = Scenario(FlowDriver(stopped_consumers=REPLACED))
        self.ana, *self.requesters = (PersonId(new_id()) for _ in range(3))
        for person in (self.ana, *self.requesters):
            join(self.scenario.log, PersonJoined(person, "Somebody", f"{person}@example.org", ("creator",)), new_id())
        self.scenario.given(consent_of(self.ana), LikenessEnrolled(self.ana, new_id(), "0" * 64, "none"))
        self.granted: set[PersonId] = set()
        self.with_ana: dict[GenerationId, PersonId] = {}
        self.revoked: set[GenerationId] = set()
        """Clips that were published when their consent was revoked: they must never be visible again."""

    # -- people

    @rule(target=requested, requester=EVERYONE, cameos=st.sampled_from(["nobody", "ana"]))
    def request(self, requester: int, cameos: str) -> GenerationId:
        return self._request(requester, cameos)

    def _request(self, requester: int, cameos: str) -> GenerationId:
        by = self.requesters[requester]
        depicted = (self.ana,) if cameos == "ana" else ()
        made = studio.request_generation(
            self.scenario.log, studio.RequestGeneration(new_id(), by, "a red ball bounces", depicted)
        )
        if depicted:
            self.with_ana[made] = by
        return made

    @rule(target=requested, requester=EVERYONE)
    def request_and_wait_for_the_draft(self, requester: int) -> GenerationId:
        """Random steps rarely get that far."""
        self.allow(requester)
        made = self._request(requester, "ana")
        self.scenario.driver.run()
        while self.scenario.state(made).state == "approved":
            self.render()
        self.scenario.driver.run()
        self.pass_output_checks(made)
        self.scenario.driver.run()
        return made

    @rule(requester=EVERYONE)
    def allow(self, requester: int) -> None:
        likeness.allow(self.scenario.log, self.ana, self.requesters[requester], new_id())
        self.granted.add(self.requesters[requester])

    @rule(requester=EVERYONE)
    def revoke_grant(self, requester: int) -> None:
        by = self.requesters[requester]
        likeness.revoke(self.scenario.log, self.ana, by, new_id())
        self.granted.discard(by)
        self.revoked |= {made for made, who in self.with_ana.items() if who == by and self._is_published(made)}

    @rule()
    def revoke_all(self) -> None:
        likeness.revoke(self.scenario.log, self.ana, None, new_id())
        self.granted.clear()
        self.revoked |= {made for made in self.with_ana if self._is_published(made)}

    @rule(generation=requested)
    def publish(self, generation: GenerationId) -> None:
        by = self.scenario.state(generation).required_request.requested_by
        was = self._is_published(generation)
        try:
            state = studio.publish(self.scenario.log, generation, by, new_id())
        except (NotADraft, RestrictionInForce):
            return
        if state == "published" and not was and generation in self.with_ana:
            assert by in self.granted, "published without consent at that moment"

    @rule(generation=requested)
    def revoke_and_publish(self, generation: GenerationId) -> None:
        """Both at once: no consumer has run between them."""
        if by := self.with_ana.get(generation):
            self.revoke_grant(self.requesters.index(by))
        self.publish(generation)

    @rule(generation=consumes(requested))
    def cancel(self, generation: GenerationId) -> None:
        by = self.scenario.state(generation).required_request.requested_by
        try:
            studio.cancel(self.scenario.log, generation, by, new_id())
        except NothingToCancel:
            return

    # -- machines

    @rule()
    def render(self) -> None:
        jobs = Jobs(self.scenario.driver.connection)
        if (claimed := jobs.claim()) is None:
            return
        item, generation = claimed
        made = e.GenerationRendered(
            generation.required_request.generation, uuid.uuid4().hex * 2, 1, 4.0, "0" * 16, {}, {}
        )
        try:
            jobs.finish(item, made, "a red ball bounces")
        except RecheckPending:
            self.scenario.driver.connection.execute(
                "UPDATE eventlog_outbox SET lease_until = now() WHERE id = %s", (item.id,)
            )

    @rule(generation=requested)
    def pass_output_checks(self, generation: GenerationId) -> None:
        if self.scenario.state(generation).state == "rendered":
            for stream, fact in (
                (f"quality-verdict-{generation}", QualityChecked(generation, "quality", 1, "clear")),
                (f"face-verdict-{generation}", FacesChecked(generation, "faces", 1, "clear")),
                (f"signature-{generation}", ClipSigned(generation, "", "f" * 64, "manifest", {})),
            ):
                if not self.scenario.log.heads([stream])[stream]:
                    self.scenario.log.append(stream, [fact], expected=0)

    @rule()
    def sequence(self) -> None:
        Sequencer(self.scenario.driver.connection).run_once()

    @rule()
    def project(self) -> None:
        Projector().run_once()

    @rule(which=st.integers(0, 10_000))
    def consume(self, which: int) -> None:
        while Projector().run_once():  # a consumer that waits for projections would wait for ever in this thread
            pass
        names = sorted(set(self.scenario.driver.runners) - REPLACED)
        self.scenario.driver.consume(names[which % len(names)])

    @rule()
    def run_all(self) -> None:
        self.scenario.driver.run()

    @rule()
    def die(self) -> None:
        """Every process restarts and loses its memory."""
        self.scenario.driver = FlowDriver(self.scenario.driver.connection, REPLACED)

    @rule(which=st.integers(0, 10_000))
    def redeliver(self, which: int) -> None:
        """A consumer gets the last events of the log again."""
        driver = self.scenario.driver
        name = sorted(driver.positions)[which % len(driver.positions)]
        driver.positions[name] = max(0, driver.positions[name] - 30)

    # -- what must be true at any moment

    @invariant()
    def no_revoked_clip_is_shown(self) -> None:
        assert not [made for made in self.revoked if self._is_shown(made)]

    @invariant()
    def uses_are_numbered_and_recorded_once(self) -> None:
        notices = self.scenario.notices_of(self.ana)
        assert [number for number, _, _ in notices] == list(range(1, len(notices) + 1))
        assert not [use for use, times in Counter((stage, made) for _, stage, made in notices).items() if times > 1]

    def teardown(self) -> None:
        """When nothing moves any more, every use is recorded and no job of a revoked clip is left."""
        self.scenario.driver.run()
        notices = {made for _, _, made in self.scenario.notices_of(self.ana)}
        ended = {made for made in self.with_ana if self.scenario.state(made).state == "cancelled"}
        assert set(self.with_ana) - ended <= notices <= set(self.with_ana), "a use without its notice"
        for made, by in self.with_ana.items():
            if by not in self.granted:
                assert self.scenario.state(made).state not in {"approved", "started"} or self._is_restricted(made)
        self.scenario.driver.connection.execute("DELETE FROM eventlog_outbox WHERE kind = 'job'")
        self.scenario.driver.connection.close()

    def _is_published(self, generation: GenerationId) -> bool:
        return self.scenario.state(generation).state == "published"

    def _is_shown(self, generation: GenerationId) -> bool:
        found = queries.standing(generation)
        return found is not None and found.is_visible

    def _is_restricted(self, generation: GenerationId) -> bool:
        return bool(self.scenario.state(generation).restrictions)


@pytest.fixture
def without_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MAX_BACKOFF_SECONDS", 0.0)


EXAMPLES = 60
"""As many as the control needs to find the missing recheck: fewer would prove less than they claim."""


def run_machine(examples: int, steps: int, *, is_random: bool) -> None:
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=not is_random,
            database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


@pytest.mark.promise("P1", "P2", "P3", "P6")
@pytest.mark.usefixtures("scenario", "without_backoff")
def test_the_promises_hold_in_any_order() -> None:
    run_machine(EXAMPLES, 30, is_random=False)
    with connect() as connection:
        assert not any(differences(target, connection) for target in PROJECTIONS.values())


@pytest.mark.soak
@pytest.mark.usefixtures("scenario", "without_backoff")
def test_the_promises_hold_in_any_order_for_long() -> None:
    run_machine(500, 60, is_random=True)


@pytest.mark.usefixtures("scenario", "without_backoff")
def test_a_publication_without_a_recheck_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without the recheck the machine must fail."""

    def publish_without_recheck(generation: Generation, now: Any) -> decide.Outcome:
        made = generation.required_request.generation
        return decide.Outcome([e.PublicationRequested(made), e.GenerationPublished(made, {})])

    monkeypatch.setattr(decide, "request_publication", publish_without_recheck)
    with pytest.raises(AssertionError, match=r"without consent|no_revoked_clip|_is_shown"):
        run_machine(EXAMPLES, 30, is_random=False)
