"""The life of one generation, from request to feed, as events."""

import pytest

from moderation import commands as moderation
from moderation.queries import open_cases
from moderation.refusals import CaseAlreadyDecided, DecisionNotApplicable, ReviewerExcluded
from placet.kernel.ids import CaseId, GenerationId, PersonId
from placet.likeness import commands as likeness
from placet.likeness.consent import consent_of
from placet.likeness.events import Level, LikenessEnrolled
from placet.rights import commands as rights
from placet.studio import commands as studio
from placet.studio import queries
from placet.studio.refusals import NotADraft, NotGenerationOwner, RestrictionInForce
from tests.support.cast import ANA, BEN, CLEO, DARA, EVE
from tests.support.fake_worker import REPLACED
from tests.support.scenario import Scenario, new_id

# these clips have no bytes: the scenario replaces the checks of the output
pytestmark = pytest.mark.usefixtures("without_output_checks")


@pytest.fixture
def without_output_checks(scenario: Scenario) -> None:
    scenario.driver.stopped_consumers = REPLACED


def is_shown(generation: GenerationId) -> bool:
    found = queries.standing(generation)
    return found is not None and found.is_visible


def allow(scenario: Scenario, requester: PersonId = BEN) -> None:
    likeness.allow(scenario.log, ANA, requester, new_id())
    scenario.driver.run()


def test_a_plain_clip_goes_from_prompt_to_feed(scenario: Scenario) -> None:
    clip = scenario.draft(BEN)
    assert scenario.publish(clip, BEN) == "published"
    assert is_shown(clip)
    assert scenario.notices_of(ANA) == []


@pytest.mark.promise("P2")
def test_a_person_gets_a_numbered_notice_of_every_stage(scenario: Scenario) -> None:
    allow(scenario)
    clip = scenario.draft(BEN, "a red ball bounces", ANA)
    scenario.publish(clip, BEN)
    remix = scenario.draft(BEN, "make it blue", parent=clip)
    scenario.publish(remix, BEN)
    assert scenario.notices_of(ANA) == [
        (1, "requested", clip), (2, "draft", clip), (3, "published", clip),
        (4, "requested", remix), (5, "draft", remix), (6, "published", remix),
    ]  # fmt: skip


@pytest.mark.promise("P2", "P10")
def test_a_requester_without_a_grant_is_refused_and_the_person_notified(scenario: Scenario) -> None:
    clip = scenario.request(EVE, "a red ball bounces", ANA)
    refused = scenario.state(clip).refused
    assert refused is not None
    assert (refused.code, refused.claimant) == ("consent_missing", "the person whose likeness it is")
    assert refused.appeal_deadline
    assert scenario.notices_of(ANA) == [(1, "blocked", clip)]
    assert not scenario.render(clip)


@pytest.mark.promise("P4", "P10")
def test_an_opt_out_stops_the_next_prompt_with_its_span(scenario: Scenario) -> None:
    rights.file_opt_out(scenario.log, rights.FileOptOut(new_id(), DARA, ("Zorblax",)), frozenset())
    clip = scenario.request(BEN, "a red ball and Z0rblax bounce")
    refused = scenario.state(clip).refused
    assert refused is not None
    assert refused.code == "opt_out_matched"
    assert refused.evidence[0]["span"] == [15, 22]


def test_a_name_that_is_a_common_word_waits_for_a_reviewer(scenario: Scenario) -> None:
    _, state = rights.file_opt_out(scenario.log, rights.FileOptOut(new_id(), DARA, ("Ball",)), frozenset({"ball"}))
    assert state == "waiting"
    assert scenario.state(scenario.request(BEN, "a red ball bounces")).state == "approved"


@pytest.mark.promise("P3")
def test_a_revocation_hides_the_clip_and_its_remix_at_once(scenario: Scenario) -> None:
    allow(scenario)
    clip = scenario.draft(BEN, "a red ball bounces", ANA)
    scenario.publish(clip, BEN)
    remix = scenario.draft(BEN, "make it blue", parent=clip)
    scenario.publish(remix, BEN)
    likeness.revoke(scenario.log, ANA, None, new_id())
    assert not is_shown(clip), "before any consumer has run"
    assert not is_shown(remix)
    scenario.driver.run()
    assert set(scenario.state(remix).restrictions.values()) == {"consent_revoked"}
    assert [t[1] for t in scenario.notices_of(ANA)].count("blocked") == 0


@pytest.mark.promise("P3")
def test_a_second_revocation_restricts_only_new_clips(
    scenario: Scenario,
) -> None:
    allow(scenario)
    old = scenario.draft(BEN, "a red ball bounces", ANA)
    likeness.revoke(scenario.log, ANA, None, new_id())
    scenario.driver.run()
    allow(scenario)
    new = scenario.draft(BEN, "a red ball bounces", ANA)
    likeness.revoke(scenario.log, ANA, None, new_id())
    scenario.driver.run()
    assert [len(scenario.state(clip).restrictions) for clip in (old, new)] == [1, 1]


@pytest.mark.promise("P3")
def test_each_of_two_people_shown_revokes_for_herself(scenario: Scenario) -> None:
    scenario.given(consent_of(EVE), LikenessEnrolled(EVE, new_id(), "0" * 64, "none"))
    allow(scenario)
    likeness.allow(scenario.log, EVE, BEN, new_id())
    clip = scenario.draft(BEN, "a red ball bounces", ANA, EVE)
    for person in (ANA, EVE):
        likeness.revoke(scenario.log, person, None, new_id())
        scenario.driver.run()
    assert len(scenario.state(clip).restrictions) == 2


@pytest.mark.promise("P3")
def test_a_grant_after_a_revocation_is_for_new_clips_only(scenario: Scenario) -> None:
    allow(scenario)
    clip = scenario.draft(BEN, "a red ball bounces", ANA)
    scenario.publish(clip, BEN)
    likeness.revoke(scenario.log, ANA, None, new_id())
    allow(scenario)
    assert not is_shown(clip)
    assert scenario.state(scenario.request(BEN, "a red ball bounces", ANA)).state == "approved"


@pytest.mark.promise("P1", "P3")
def test_a_draft_whose_person_has_revoked_cannot_be_published(scenario: Scenario) -> None:
    allow(scenario)
    clip = scenario.draft(BEN, "a red ball bounces", ANA)
    likeness.revoke(scenario.log, ANA, None, new_id())
    assert studio.publish(scenario.log, clip, BEN, new_id()) == "draft", "the check runs again before anything is shown"
    scenario.driver.run()
    assert not is_shown(clip)
    assert scenario.refusal(clip).code == "consent_revoked"


def test_a_clear_recheck_publishes_automatically(scenario: Scenario) -> None:
    allow(scenario)
    clip = scenario.draft(BEN, "a red ball bounces", ANA)
    allow(scenario, EVE)
    assert studio.publish(scenario.log, clip, BEN, new_id()) == "draft"
    scenario.driver.run()
    assert scenario.state(clip).state == "published"


@pytest.mark.promise("P1")
def test_a_removed_clip_leaves_the_feed_with_only_its_remix(scenario: Scenario) -> None:
    allow(scenario)
    clip = scenario.draft(BEN, "a red ball bounces", ANA)
    other = scenario.draft(BEN, "a blue cube falls", ANA)
    scenario.publish(clip, BEN)
    scenario.publish(other, BEN)
    remix = scenario.draft(BEN, "make it blue", parent=clip)
    scenario.publish(remix, BEN)
    likeness.remove_clip(scenario.log, ANA, clip, new_id())
    assert not is_shown(remix), "before any consumer has run"
    scenario.driver.run()
    assert not is_shown(clip)
    assert not is_shown(remix)
    assert is_shown(other)


def test_an_uncertain_prompt_is_held_until_a_reviewer_approves(scenario: Scenario, held_prompt: str) -> None:
    clip = scenario.request(BEN, held_prompt)
    assert scenario.state(clip).state == "held"
    scenario.decide_only_case("approve")
    assert scenario.state(clip).state == "approved"


def test_a_reviewer_can_reject_a_held_prompt(scenario: Scenario, held_prompt: str) -> None:
    clip = scenario.request(BEN, held_prompt)
    scenario.decide_only_case("reject")
    refused = scenario.state(clip).refused
    assert refused is not None
    assert refused.claimant == "a reviewer"


def test_an_appeal_of_zero_tolerance_cannot_be_overturned(scenario: Scenario) -> None:
    clip = scenario.request(BEN, "a n4ked ch1ld")
    assert scenario.refusal(clip).what_would_pass == ""
    moderation.file_appeal(scenario.log, clip, BEN, "it was a joke", new_id())
    scenario.driver.run()
    assert open_cases() == []
    (case,) = open_cases(include_zero_tolerance=True)
    command = moderation.DecideCase(new_id(), CaseId(str(case.case)), CLEO, "overturn", "", case.version)
    with pytest.raises(DecisionNotApplicable):
        moderation.decide_case(scenario.log, command)


def test_the_reviewer_who_rejected_cannot_decide_the_appeal(scenario: Scenario, held_prompt: str) -> None:
    clip = scenario.request(BEN, held_prompt)
    scenario.decide_only_case("reject")
    moderation.file_appeal(scenario.log, clip, BEN, "a toy fight", new_id())
    scenario.driver.run()
    (case,) = open_cases()
    command = moderation.DecideCase(new_id(), CaseId(str(case.case)), CLEO, "overturn", "", case.version)
    with pytest.raises(ReviewerExcluded):
        moderation.decide_case(scenario.log, command)
    other = moderation.DecideCase(new_id(), command.case, DARA, "overturn", "a toy fight indeed", case.version)
    moderation.decide_case(scenario.log, other)
    scenario.driver.run()
    assert scenario.state(clip).state == "approved"


def test_of_two_concurrent_decisions_the_second_fails(scenario: Scenario, held_prompt: str) -> None:
    scenario.request(BEN, held_prompt)
    (case,) = open_cases()
    first = moderation.DecideCase(new_id(), CaseId(str(case.case)), CLEO, "approve", "mine", case.version)
    moderation.decide_case(scenario.log, first)
    second = moderation.DecideCase(new_id(), first.case, DARA, "reject", "hers", case.version)
    with pytest.raises(CaseAlreadyDecided):
        moderation.decide_case(scenario.log, second)


def test_a_reported_clip_is_taken_down_with_its_remix(scenario: Scenario) -> None:
    clip = scenario.draft(BEN)
    scenario.publish(clip, BEN)
    remix = scenario.draft(BEN, "make it blue", parent=clip)
    scenario.publish(remix, BEN)
    moderation.report(scenario.log, clip, EVE, "stolen", "this is mine", new_id())
    scenario.driver.run()
    scenario.decide_only_case("remove")
    assert not is_shown(clip)
    assert not is_shown(remix)


def test_only_the_requester_publishes_and_only_a_draft(scenario: Scenario) -> None:
    clip = scenario.draft(BEN)
    with pytest.raises(NotGenerationOwner):
        studio.publish(scenario.log, clip, EVE, new_id())
    unfinished = scenario.request(BEN)
    with pytest.raises(NotADraft):
        studio.publish(scenario.log, unfinished, BEN, new_id())


@pytest.mark.promise("P1")
def test_a_restricted_draft_is_not_published(scenario: Scenario) -> None:
    allow(scenario)
    clip = scenario.draft(BEN, "a red ball bounces", ANA)
    likeness.remove_clip(scenario.log, ANA, clip, new_id())
    scenario.driver.run()
    with pytest.raises(RestrictionInForce):
        studio.publish(scenario.log, clip, BEN, new_id())


def test_quota_is_reserved_at_approval_and_released_on_cancel(scenario: Scenario) -> None:
    first = [scenario.request(BEN) for _ in range(20)]
    over = scenario.request(BEN)
    assert scenario.refusal(over).code == "quota_exceeded"
    studio.cancel(scenario.log, first[0], BEN, new_id())
    assert scenario.state(scenario.request(BEN)).state == "approved"


@pytest.mark.promise("P8")
def test_nothing_is_approved_while_a_check_is_stopped(scenario: Scenario) -> None:
    scenario.driver.stopped_consumers |= {"rights.check_prompt_rights"}
    clip = scenario.request(BEN)
    assert scenario.state(clip).state == "requested"
    scenario.driver.stopped_consumers -= {"rights.check_prompt_rights"}
    scenario.driver.run()
    assert scenario.state(clip).state == "approved"


def test_an_unknown_likeness_is_refused(scenario: Scenario) -> None:
    clip = scenario.request(BEN, "a red ball bounces", unknown_likeness=True)
    assert scenario.refusal(clip).code == "likeness_unknown"


@pytest.mark.promise("P1")
def test_a_block_beats_a_grant(scenario: Scenario) -> None:
    allow(scenario)
    likeness.block(scenario.log, ANA, BEN, new_id())
    clip = scenario.request(BEN, "a red ball bounces", ANA)
    assert scenario.refusal(clip).code == "consent_missing"


@pytest.mark.promise("P1")
@pytest.mark.parametrize(("level", "state"), [("everyone", "approved"), ("only_me", "refused"), ("mutuals", "refused")])
def test_the_level_decides_who_may_request(scenario: Scenario, level: Level, state: str) -> None:
    likeness.set_level(scenario.log, ANA, level, new_id())
    assert scenario.state(scenario.request(BEN, "a red ball bounces", ANA)).state == state


@pytest.mark.promise("P1")
def test_mutuals_may_request_only_while_they_are_mutuals(scenario: Scenario) -> None:
    from placet.people import commands as people

    likeness.set_level(scenario.log, ANA, "mutuals", new_id())
    people.follow(scenario.log, ANA, BEN, new_id())
    people.follow(scenario.log, BEN, ANA, new_id())
    clip = scenario.request(BEN, "a red ball bounces", ANA)
    assert scenario.state(clip).state == "approved"
    people.unfollow(scenario.log, ANA, BEN, new_id())
    assert not scenario.render(clip), "the read versions changed: the check runs again before the job starts"
    scenario.driver.run()
    assert scenario.refusal(clip).code == "consent_missing"


@pytest.mark.promise("P2")
def test_blocked_attempts_are_limited_to_ten_notices_and_a_summary(
    scenario: Scenario,
) -> None:
    for _ in range(14):
        studio.request_generation(scenario.log, studio.RequestGeneration(new_id(), EVE, "a red ball bounces", (ANA,)))
    scenario.driver.run()
    uses = scenario.log.read(f"use-{ANA}").facts
    assert [t.is_summary for t in uses] == [False] * 10 + [True]
