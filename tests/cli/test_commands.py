"""What people do at the command line, from words to the feed and out of it."""

from pathlib import Path

import pytest
from PIL import Image

from placet.cli.command import CommandFailed
from placet.people.tokens import bearer_of
from tests.support.cast import BEN, DARA
from tests.support.commands import Placet
from tests.support.fake_worker import FakeWorker

PORTRAIT = Path(__file__).parents[2] / "platform" / "placet" / "devtools" / "demo" / "portraits" / "astronaut.jpg"
BALL = "a red ball bounces"


def test_a_prompt_becomes_a_draft_whose_file_is_the_signed_bytes(placet: Placet, play: FakeWorker) -> None:
    told = placet("generate", BALL)
    assert (told["state"], told["refusal"], told["held"]) == ("draft", None, None)
    assert told["verdicts"] == dict.fromkeys(
        ("consent", "faces", "output_rights", "policy", "prompt_rights", "quality"), "clear"
    )
    assert Path(told["file"]).read_bytes() == play.bytes_of(told["id"])


def test_a_draft_is_in_nobodys_feed_until_it_is_published(placet: Placet) -> None:
    draft = placet("generate", BALL)
    assert placet("feed")["clips"] == []
    assert placet("publish", draft["id"])["state"] == "published"
    (clip,) = placet("feed", "--as", "Ana")["clips"]
    assert (clip["id"], clip["by"]) == (draft["id"], "Ben")


def test_a_name_in_any_case_acts(placet: Placet) -> None:
    assert placet("generate", BALL, "--as", "bEN")["state"] == "draft"


def test_a_refusal_is_an_answer_and_says_what_would_pass(placet: Placet) -> None:
    told = placet("generate", BALL, "--likeness", "Ana")
    assert (told["ok"], told["state"], told["file"]) == (True, "refused", None)
    assert told["refusal"]["code"] == "consent_missing"
    assert told["refusal"]["what_would_pass"]
    assert told["refusal"]["appeal_deadline"] > "2026"
    assert told["verdicts"]["consent"] == "block"


def test_a_person_allows_is_told_of_each_stage_and_revokes(placet: Placet) -> None:
    assert placet("likeness", "allow", "ben")["allowed"] == ["Ben"]
    clip = placet("generate", BALL, "--likeness", "ana")
    placet("publish", clip["id"])
    notices = placet("notices")["notices"]
    assert [(n["number"], n["stage"], n["requested_by"]) for n in notices] == [
        (3, "published", "Ben"), (2, "draft", "Ben"), (1, "requested", "Ben"),
    ]  # fmt: skip
    told = placet("likeness", "revoke")
    assert (told["taken_out"], told["is_revoked"], told["allowed"]) == (1, True, [])
    assert placet("feed")["clips"] == []


def test_a_withdrawal_from_one_asker_leaves_the_others(placet: Placet) -> None:
    placet("likeness", "level", "everyone")
    clip = placet("generate", BALL, "--likeness", "Ana")
    own = placet("generate", BALL, "--likeness", "Ana", "--as", "Ana")
    for told, requester in ((clip, "Ben"), (own, "Ana")):
        placet("publish", told["id"], "--as", requester)
    assert placet("likeness", "revoke", "Ben")["taken_out"] == 1
    assert [c["by"] for c in placet("feed")["clips"]] == ["Ana"]


def test_one_clip_is_removed_by_whom_it_shows(placet: Placet) -> None:
    placet("likeness", "level", "everyone")
    clip = placet("generate", BALL, "--likeness", "Ana")
    placet("publish", clip["id"])
    placet("likeness", "remove", clip["id"])
    assert placet("feed")["clips"] == []


def test_an_opt_out_is_filed_stops_a_prompt_and_ends(placet: Placet) -> None:
    filed = placet("opt_out", "file", "--character", "Zorblax", "--alias", "Zorbie")
    assert (filed["state"], filed["reason"]) == ("in_force", "")
    stopped = placet("generate", "a red ball and Zorblax bounce")
    assert stopped["refusal"]["code"] == "opt_out_matched"
    assert stopped["refusal"]["evidence"][0]["span"] == [15, 22]
    (listed,) = placet("opt_out", "list")["filings"]
    assert (listed["id"], listed["names"], listed["stopped"]) == (filed["id"], ["Zorblax", "Zorbie"], 1)
    assert placet("opt_out", "end", filed["id"])["state"] == "ended"


def test_a_filing_of_an_everyday_word_waits_for_a_reviewer(placet: Placet) -> None:
    filed = placet("opt_out", "file", "--character", "Ball")
    assert (filed["state"], bool(filed["reason"])) == ("waiting", True)
    (case,) = placet("cases", "list")["cases"]
    placet("cases", "decide", case["id"], "reject", "--reason", "too broad")
    assert placet("opt_out", "list")["filings"][0]["state"] == "rejected"


def test_a_refusal_is_appealed_and_overturned(placet: Placet) -> None:
    told = placet("generate", "a red ball rolls away from a knife fight")
    assert (told["state"], bool(told["held"]["code"])) == ("held", True)
    (case,) = placet("cases", "list")["cases"]
    placet("cases", "decide", case["id"], "reject", "--reason", "looks like a fight")
    placet("appeal", told["id"], "nobody fights in it")
    (appealed,) = placet("cases", "list")["cases"]
    assert appealed["kind"] == "appeal"
    with pytest.raises(CommandFailed) as failed:
        placet("cases", "decide", appealed["id"], "overturn", "--reason", "I saw it before")
    assert failed.value.code == "reviewer_excluded"


def test_a_report_reaches_the_review_queue_and_takes_the_clip_down(placet: Placet) -> None:
    clip = placet("generate", BALL)
    placet("publish", clip["id"])
    placet("report", clip["id"], "--reason", "impersonation")
    (case,) = placet("cases", "list")["cases"]
    placet("cases", "decide", case["id"], "remove", "--reason", "it is")
    assert placet("feed")["clips"] == []


def test_a_generation_is_cancelled_before_it_is_a_draft(placet: Placet, play: FakeWorker) -> None:
    clip = play.scenario.ask(BEN, BALL)
    assert placet("cancel", clip)["state"] == "cancelled"


def test_a_story_names_cause_and_consumer_of_each_event(placet: Placet) -> None:
    clip = placet("generate", BALL)
    events = placet("timeline", clip["id"])["events"]
    asked, verdict = events[0], next(e for e in events if e["event"] == "moderation.policy_checked.v1")
    assert (asked["by"], asked["cause"], asked["data"]["prompt"]) == ("Ben", "", BALL)
    assert verdict["by"] == "moderation.check_policy"
    assert verdict["cause"].startswith("studio.generation_requested.v1 at ")
    assert [e["position"] for e in events] == sorted(e["position"] for e in events)


def test_whoever_is_shown_reads_the_story_without_the_askers_words(placet: Placet) -> None:
    placet("likeness", "allow", "Ben")
    clip = placet("generate", BALL, "--likeness", "Ana")
    assert placet("timeline", clip["id"], "--as", "Ana")["events"][0]["data"]["prompt"] == "encrypted"
    assert placet("timeline", clip["id"], "--as", "Cleo")["events"][0]["data"]["prompt"] == BALL


def test_a_withdrawal_is_part_of_the_timeline_of_what_it_took_out(placet: Placet) -> None:
    placet("likeness", "allow", "Ben")
    clip = placet("generate", BALL, "--likeness", "Ana")
    placet("likeness", "revoke")
    assert placet("timeline", clip["id"])["events"][-1]["event"] == "studio.restriction_applied.v1"


def test_status_tells_every_place_and_its_lag(placet: Placet) -> None:
    placet("generate", BALL)
    told = placet("status")
    assert {place["lag"] for place in told["projections"].values()} == {0}
    assert told["dead_letters"] == []
    assert told["outbox"]["job"] == {"done": 1}


def test_users_are_listed_with_their_roles(placet: Placet) -> None:
    assert {p["name"]: p["roles"] for p in placet("users")["users"]}["Cleo"] == ["reviewer"]


def test_a_token_is_for_one_person_and_ends(placet: Placet) -> None:
    told = placet("create_token", "--as", "Dara", "--days", "1")
    bearer = bearer_of(told["token"])
    assert bearer is not None
    assert (str(bearer.person), told["name"]) == (DARA, "Dara")
    assert told["expires_at"].startswith("20")


@pytest.mark.models
def test_a_portrait_is_enrolled_and_one_without_a_face_is_told_why(placet: Placet, tmp_path: Path) -> None:
    assert placet("likeness", "enrol", str(PORTRAIT), "--as", "Ben")["state"] == "enrolled"
    plain = tmp_path / "plain.png"
    Image.new("RGB", (320, 320), "grey").save(plain)
    with pytest.raises(SystemExit):
        placet("likeness", "enrol", str(plain), "--as", "Dara")
