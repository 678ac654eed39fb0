"""What people do at the command line, from a prompt to the feed and a removal."""

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


def test_a_prompt_becomes_a_draft_whose_file_is_the_signed_bytes(placet: Placet, worker: FakeWorker) -> None:
    answer = placet("generate", BALL)
    assert (answer["state"], answer["refusal"], answer["held"]) == ("draft", None, None)
    assert answer["verdicts"] == dict.fromkeys(
        ("consent", "faces", "output_rights", "policy", "prompt_rights", "quality"), "clear"
    )
    assert Path(answer["file"]).read_bytes() == worker.bytes_of(answer["id"])


def test_a_draft_is_in_no_feed_until_it_is_published(placet: Placet) -> None:
    draft = placet("generate", BALL)
    assert placet("feed")["clips"] == []
    assert placet("publish", draft["id"])["state"] == "published"
    (clip,) = placet("feed", "--as", "Ana")["clips"]
    assert (clip["id"], clip["by"]) == (draft["id"], "Ben")


def test_the_name_of_the_actor_ignores_case(placet: Placet) -> None:
    assert placet("generate", BALL, "--as", "bEN")["state"] == "draft"


def test_a_refusal_is_an_answer_with_what_would_pass(placet: Placet) -> None:
    answer = placet("generate", BALL, "--likeness", "Ana")
    assert (answer["ok"], answer["state"], answer["file"]) == (True, "refused", None)
    assert answer["refusal"]["code"] == "consent_missing"
    assert answer["refusal"]["what_would_pass"]
    assert answer["refusal"]["appeal_deadline"] > "2026"
    assert answer["verdicts"]["consent"] == "block"


def test_a_person_grants_reads_each_notice_and_revokes(placet: Placet) -> None:
    assert placet("likeness", "allow", "ben")["allowed"] == ["Ben"]
    clip = placet("generate", BALL, "--likeness", "ana")
    placet("publish", clip["id"])
    notices = placet("notices")["notices"]
    assert [(n["number"], n["stage"], n["requested_by"]) for n in notices] == [
        (3, "published", "Ben"), (2, "draft", "Ben"), (1, "requested", "Ben"),
    ]  # fmt: skip
    answer = placet("likeness", "revoke")
    assert (answer["taken_out"], answer["is_revoked"], answer["allowed"]) == (1, True, [])
    assert placet("feed")["clips"] == []


def test_a_revocation_from_one_requester_leaves_the_others(placet: Placet) -> None:
    placet("likeness", "level", "everyone")
    clip = placet("generate", BALL, "--likeness", "Ana")
    own = placet("generate", BALL, "--likeness", "Ana", "--as", "Ana")
    for answer, requester in ((clip, "Ben"), (own, "Ana")):
        placet("publish", answer["id"], "--as", requester)
    assert placet("likeness", "revoke", "Ben")["taken_out"] == 1
    assert [c["by"] for c in placet("feed")["clips"]] == ["Ana"]


def test_a_person_removes_one_clip_of_them(placet: Placet) -> None:
    placet("likeness", "level", "everyone")
    clip = placet("generate", BALL, "--likeness", "Ana")
    placet("publish", clip["id"])
    placet("likeness", "remove", clip["id"])
    assert placet("feed")["clips"] == []


def test_an_opt_out_is_filed_matches_and_ends(placet: Placet) -> None:
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
    answer = placet("generate", "a red ball rolls away from a knife fight")
    assert (answer["state"], bool(answer["held"]["code"])) == ("held", True)
    (case,) = placet("cases", "list")["cases"]
    placet("cases", "decide", case["id"], "reject", "--reason", "looks like a fight")
    placet("appeal", answer["id"], "nobody fights in it")
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


def test_a_generation_is_cancelled_before_it_is_a_draft(placet: Placet, worker: FakeWorker) -> None:
    clip = worker.scenario.request(BEN, BALL)
    assert placet("cancel", clip)["state"] == "cancelled"


def test_a_timeline_names_cause_and_consumer_of_each_event(placet: Placet) -> None:
    clip = placet("generate", BALL)
    events = placet("timeline", clip["id"])["events"]
    asked, verdict = events[0], next(e for e in events if e["event"] == "moderation.policy_checked.v1")
    assert (asked["by"], asked["cause"], asked["data"]["prompt"]) == ("Ben", "", BALL)
    assert verdict["by"] == "moderation.check_policy"
    assert verdict["cause"].startswith("studio.generation_requested.v1 at ")
    assert [e["position"] for e in events] == sorted(e["position"] for e in events)


def test_a_person_shown_reads_the_timeline_without_the_prompt(placet: Placet) -> None:
    placet("likeness", "allow", "Ben")
    clip = placet("generate", BALL, "--likeness", "Ana")
    assert placet("timeline", clip["id"], "--as", "Ana")["events"][0]["data"]["prompt"] == "encrypted"
    assert placet("timeline", clip["id"], "--as", "Cleo")["events"][0]["data"]["prompt"] == BALL


def test_a_revocation_is_in_the_timeline_of_each_clip_it_hides(placet: Placet) -> None:
    placet("likeness", "allow", "Ben")
    clip = placet("generate", BALL, "--likeness", "Ana")
    placet("likeness", "revoke")
    assert placet("timeline", clip["id"])["events"][-1]["event"] == "studio.restriction_applied.v1"


def test_status_reports_every_projection_and_its_lag(placet: Placet) -> None:
    placet("generate", BALL)
    answer = placet("status")
    assert {progress["lag"] for progress in answer["projections"].values()} == {0}
    assert answer["dead_letters"] == []
    assert answer["outbox"]["job"] == {"done": 1}


def test_users_are_listed_with_their_roles(placet: Placet) -> None:
    assert {p["name"]: p["roles"] for p in placet("users")["users"]}["Cleo"] == ["reviewer"]


def test_a_token_is_for_one_person_and_expires(placet: Placet) -> None:
    answer = placet("create_token", "--as", "Dara", "--days", "1")
    bearer = bearer_of(answer["token"])
    assert bearer is not None
    assert (str(bearer.person), answer["name"]) == (DARA, "Dara")
    assert answer["expires_at"].startswith("20")


@pytest.mark.models
def test_a_portrait_is_enrolled_and_one_without_a_face_refused(placet: Placet, tmp_path: Path) -> None:
    assert placet("likeness", "enrol", str(PORTRAIT), "--as", "Ben")["state"] == "enrolled"
    plain = tmp_path / "plain.png"
    Image.new("RGB", (320, 320), "grey").save(plain)
    with pytest.raises(SystemExit):
        placet("likeness", "enrol", str(plain), "--as", "Dara")
