"""The life of one generation, told by its events."""

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
from tests.support.scenario import Scenario, new_id

# the clips of these stories have no bytes: whoever looks at bytes is played by the story itself
pytestmark = pytest.mark.usefixtures("blind")


@pytest.fixture
def blind(story: Scenario) -> None:
    story.driver.without = frozenset({"moderation.check_quality", "likeness.check_faces", "provenance.sign_clip"})


def is_shown(generation: GenerationId) -> bool:
    found = queries.standing(generation)
    return found is not None and found.is_visible


def allow(story: Scenario, requester: PersonId = BEN) -> None:
    likeness.allow(story.log, ANA, requester, new_id())
    story.driver.run()


def test_a_plain_clip_goes_from_words_to_the_feed(story: Scenario) -> None:
    clip = story.draft(BEN)
    assert story.publish(clip, BEN) == "published"
    assert is_shown(clip)
    assert story.notices_of(ANA) == []


@pytest.mark.promise("P2")
def test_a_person_is_told_of_every_stage_in_numbered_order(story: Scenario) -> None:
    allow(story)
    clip = story.draft(BEN, "a red ball bounces", ANA)
    story.publish(clip, BEN)
    remix = story.draft(BEN, "make it blue", parent=clip)
    story.publish(remix, BEN)
    assert story.notices_of(ANA) == [
        (1, "requested", clip), (2, "draft", clip), (3, "published", clip),
        (4, "requested", remix), (5, "draft", remix), (6, "published", remix),
    ]  # fmt: skip


@pytest.mark.promise("P2", "P10")
def test_whoever_was_not_approved_is_refused_and_the_person_is_told(story: Scenario) -> None:
    clip = story.ask(EVE, "a red ball bounces", ANA)
    refused = story.state(clip).refused
    assert refused is not None
    assert (refused.code, refused.claimant) == ("consent_missing", "the person whose likeness it is")
    assert refused.appeal_deadline
    assert story.notices_of(ANA) == [(1, "blocked", clip)]
    assert not story.make(clip)


@pytest.mark.promise("P4", "P10")
def test_an_opt_out_stops_the_next_prompt_with_its_span(story: Scenario) -> None:
    rights.file_opt_out(story.log, rights.FileOptOut(new_id(), DARA, ("Zorblax",)), frozenset())
    clip = story.ask(BEN, "a red ball and Z0rblax bounce")
    refused = story.state(clip).refused
    assert refused is not None
    assert refused.code == "opt_out_matched"
    assert refused.evidence[0]["span"] == [15, 22]


def test_a_name_that_is_a_common_word_waits_for_a_human(story: Scenario) -> None:
    _, state = rights.file_opt_out(story.log, rights.FileOptOut(new_id(), DARA, ("Ball",)), frozenset({"ball"}))
    assert state == "waiting"
    assert story.state(story.ask(BEN, "a red ball bounces")).state == "approved"


@pytest.mark.promise("P3")
def test_a_revocation_takes_the_clip_and_its_remix_out_at_once(story: Scenario) -> None:
    allow(story)
    clip = story.draft(BEN, "a red ball bounces", ANA)
    story.publish(clip, BEN)
    remix = story.draft(BEN, "make it blue", parent=clip)
    story.publish(remix, BEN)
    likeness.revoke(story.log, ANA, None, new_id())
    assert not is_shown(clip), "before any consumer has run"
    assert not is_shown(remix)
    story.driver.run()
    assert set(story.state(remix).restrictions.values()) == {"consent_revoked"}
    assert [t[1] for t in story.notices_of(ANA)].count("blocked") == 0


@pytest.mark.promise("P3")
def test_who_withdraws_again_adds_nothing_to_what_is_withdrawn_and_everything_to_what_is_new(story: Scenario) -> None:
    allow(story)
    old = story.draft(BEN, "a red ball bounces", ANA)
    likeness.revoke(story.log, ANA, None, new_id())
    story.driver.run()
    allow(story)
    new = story.draft(BEN, "a red ball bounces", ANA)
    likeness.revoke(story.log, ANA, None, new_id())
    story.driver.run()
    assert [len(story.state(clip).restrictions) for clip in (old, new)] == [1, 1]


@pytest.mark.promise("P3")
def test_where_two_are_shown_each_withdraws_for_herself(story: Scenario) -> None:
    story.given(consent_of(EVE), LikenessEnrolled(EVE, new_id(), "0" * 64, "none"))
    allow(story)
    likeness.allow(story.log, EVE, BEN, new_id())
    clip = story.draft(BEN, "a red ball bounces", ANA, EVE)
    for person in (ANA, EVE):
        likeness.revoke(story.log, person, None, new_id())
        story.driver.run()
    assert len(story.state(clip).restrictions) == 2


@pytest.mark.promise("P3")
def test_a_grant_after_a_revocation_is_for_new_clips_only(story: Scenario) -> None:
    allow(story)
    clip = story.draft(BEN, "a red ball bounces", ANA)
    story.publish(clip, BEN)
    likeness.revoke(story.log, ANA, None, new_id())
    allow(story)
    assert not is_shown(clip)
    assert story.state(story.ask(BEN, "a red ball bounces", ANA)).state == "approved"


@pytest.mark.promise("P1", "P3")
def test_a_draft_whose_person_has_revoked_cannot_be_published(story: Scenario) -> None:
    allow(story)
    clip = story.draft(BEN, "a red ball bounces", ANA)
    likeness.revoke(story.log, ANA, None, new_id())
    assert studio.publish(story.log, clip, BEN, new_id()) == "draft", "the check looks again before anything is shown"
    story.driver.run()
    assert not is_shown(clip)
    assert story.refusal(clip).code == "consent_revoked"


def test_a_moved_ground_that_still_holds_publishes_by_itself_after_a_second_look(story: Scenario) -> None:
    allow(story)
    clip = story.draft(BEN, "a red ball bounces", ANA)
    allow(story, EVE)
    assert studio.publish(story.log, clip, BEN, new_id()) == "draft"
    story.driver.run()
    assert story.state(clip).state == "published"


@pytest.mark.promise("P1")
def test_a_clip_removed_by_its_person_leaves_the_feed_with_its_remix_and_nothing_else(story: Scenario) -> None:
    allow(story)
    clip = story.draft(BEN, "a red ball bounces", ANA)
    other = story.draft(BEN, "a blue cube falls", ANA)
    story.publish(clip, BEN)
    story.publish(other, BEN)
    remix = story.draft(BEN, "make it blue", parent=clip)
    story.publish(remix, BEN)
    likeness.remove_clip(story.log, ANA, clip, new_id())
    assert not is_shown(remix), "before any consumer has run"
    story.driver.run()
    assert not is_shown(clip)
    assert not is_shown(remix)
    assert is_shown(other)


def test_a_prompt_in_doubt_is_held_and_goes_on_when_a_reviewer_allows_it(story: Scenario, held_prompt: str) -> None:
    clip = story.ask(BEN, held_prompt)
    assert story.state(clip).state == "held"
    story.decide_only_case("approve")
    assert story.state(clip).state == "approved"


def test_a_prompt_in_doubt_can_be_refused_by_hand(story: Scenario, held_prompt: str) -> None:
    clip = story.ask(BEN, held_prompt)
    story.decide_only_case("reject")
    refused = story.state(clip).refused
    assert refused is not None
    assert refused.claimant == "a reviewer"


def test_an_appealed_zero_tolerance_refusal_stays_out_of_the_queue_and_cannot_be_overturned(story: Scenario) -> None:
    clip = story.ask(BEN, "a n4ked ch1ld")
    assert story.refusal(clip).what_would_pass == ""
    moderation.file_appeal(story.log, clip, BEN, "it was a joke", new_id())
    story.driver.run()
    assert open_cases() == []
    (case,) = open_cases(include_zero_tolerance=True)
    ask = moderation.DecideCase(new_id(), CaseId(str(case.case)), CLEO, "overturn", "", case.version)
    with pytest.raises(DecisionNotApplicable):
        moderation.decide_case(story.log, ask)


def test_whoever_refused_by_hand_cannot_decide_the_appeal(story: Scenario, held_prompt: str) -> None:
    clip = story.ask(BEN, held_prompt)
    story.decide_only_case("reject")
    moderation.file_appeal(story.log, clip, BEN, "a toy fight", new_id())
    story.driver.run()
    (case,) = open_cases()
    ask = moderation.DecideCase(new_id(), CaseId(str(case.case)), CLEO, "overturn", "", case.version)
    with pytest.raises(ReviewerExcluded):
        moderation.decide_case(story.log, ask)
    other = moderation.DecideCase(new_id(), ask.case, DARA, "overturn", "a toy fight indeed", case.version)
    moderation.decide_case(story.log, other)
    story.driver.run()
    assert story.state(clip).state == "approved"


def test_of_two_reviewers_at_once_the_second_is_told_who_was_first(story: Scenario, held_prompt: str) -> None:
    story.ask(BEN, held_prompt)
    (case,) = open_cases()
    first = moderation.DecideCase(new_id(), CaseId(str(case.case)), CLEO, "approve", "mine", case.version)
    moderation.decide_case(story.log, first)
    second = moderation.DecideCase(new_id(), first.case, DARA, "reject", "hers", case.version)
    with pytest.raises(CaseAlreadyDecided):
        moderation.decide_case(story.log, second)


def test_a_reported_clip_is_taken_down_with_its_remix(story: Scenario) -> None:
    clip = story.draft(BEN)
    story.publish(clip, BEN)
    remix = story.draft(BEN, "make it blue", parent=clip)
    story.publish(remix, BEN)
    moderation.report(story.log, clip, EVE, "stolen", "this is mine", new_id())
    story.driver.run()
    story.decide_only_case("remove")
    assert not is_shown(clip)
    assert not is_shown(remix)


def test_only_the_asker_publishes_and_only_a_draft(story: Scenario) -> None:
    clip = story.draft(BEN)
    with pytest.raises(NotGenerationOwner):
        studio.publish(story.log, clip, EVE, new_id())
    unfinished = story.ask(BEN)
    with pytest.raises(NotADraft):
        studio.publish(story.log, unfinished, BEN, new_id())


@pytest.mark.promise("P1")
def test_what_has_a_reason_against_showing_is_not_published(story: Scenario) -> None:
    allow(story)
    clip = story.draft(BEN, "a red ball bounces", ANA)
    likeness.remove_clip(story.log, ANA, clip, new_id())
    story.driver.run()
    with pytest.raises(RestrictionInForce):
        studio.publish(story.log, clip, BEN, new_id())


def test_quota_is_taken_at_approval_and_given_back_on_cancel(story: Scenario) -> None:
    first = [story.ask(BEN) for _ in range(20)]
    over = story.ask(BEN)
    assert story.refusal(over).code == "quota_exceeded"
    studio.cancel(story.log, first[0], BEN, new_id())
    assert story.state(story.ask(BEN)).state == "approved"


@pytest.mark.promise("P8")
def test_nothing_is_approved_while_a_check_is_dead(story: Scenario) -> None:
    story.driver.without |= {"rights.check_prompt_rights"}
    clip = story.ask(BEN)
    assert story.state(clip).state == "requested"
    story.driver.without -= {"rights.check_prompt_rights"}
    story.driver.run()
    assert story.state(clip).state == "approved"


def test_a_likeness_that_nobody_enrolled_is_said_so(story: Scenario) -> None:
    clip = story.ask(BEN, "a red ball bounces", unknown_likeness=True)
    assert story.refusal(clip).code == "likeness_unknown"


@pytest.mark.promise("P1")
def test_a_block_beats_a_grant(story: Scenario) -> None:
    allow(story)
    likeness.block(story.log, ANA, BEN, new_id())
    clip = story.ask(BEN, "a red ball bounces", ANA)
    assert story.refusal(clip).code == "consent_missing"


@pytest.mark.promise("P1")
@pytest.mark.parametrize(("level", "state"), [("everyone", "approved"), ("only_me", "refused"), ("mutuals", "refused")])
def test_a_level_decides_who_may_ask(story: Scenario, level: Level, state: str) -> None:
    likeness.set_level(story.log, ANA, level, new_id())
    assert story.state(story.ask(BEN, "a red ball bounces", ANA)).state == state


@pytest.mark.promise("P1")
def test_mutuals_may_ask_while_they_are_mutuals(story: Scenario) -> None:
    from placet.people import commands as people

    likeness.set_level(story.log, ANA, "mutuals", new_id())
    people.follow(story.log, ANA, BEN, new_id())
    people.follow(story.log, BEN, ANA, new_id())
    clip = story.ask(BEN, "a red ball bounces", ANA)
    assert story.state(clip).state == "approved"
    people.unfollow(story.log, ANA, BEN, new_id())
    assert not story.make(clip), "the ground moved: the check looks again before the run starts"
    story.driver.run()
    assert story.refusal(clip).code == "consent_missing"


@pytest.mark.promise("P2")
def test_blocked_attempts_of_one_asker_are_told_ten_an_hour_and_then_once_that_there_are_more(story: Scenario) -> None:
    for _ in range(14):
        studio.request_generation(story.log, studio.RequestGeneration(new_id(), EVE, "a red ball bounces", (ANA,)))
    story.driver.run()
    told = story.log.read(f"use-{ANA}").facts
    assert [t.is_summary for t in told] == [False] * 10 + [True]
