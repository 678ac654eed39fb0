"""Every mistake at the command line has a code and ends with a hint."""

import pytest

from placet.cli.command import CommandFailed
from tests.support.commands import Placet

BALL = "a red ball bounces"
NOWHERE = "01a21fd8-0000-7000-8000-000000000000"


def failure(placet: Placet, *words: str) -> CommandFailed:
    with pytest.raises(CommandFailed) as failed:
        placet(*words)
    return failed.value


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (["generate", BALL, "--as", "Nobody"], "person_not_found", "placet users"),
        (["generate", " "], "prompt_invalid", "placet generate"),
        (["generate", "x" * 100_000], "prompt_invalid", "placet generate"),
        (["generate", "a\x00b"], "prompt_invalid", "placet generate"),
        (["generate", "a\ud800b"], "prompt_invalid", "placet generate"),
        (["generate", BALL, "--seconds", "99"], "clip_too_long", "placet generate"),
        (["generate", BALL, "--seconds", "nan"], "clip_too_long", "placet generate"),
        (["generate", BALL, "--parent", "nonsense"], "malformed_id", "placet feed"),
        (["generate", BALL, "--parent", NOWHERE], "generation_not_found", "placet feed"),
        (["generate", BALL, "--image", "/nowhere.png"], "file_unreadable", "ls -l"),
        (["generate", BALL, "--image", __file__], "media_not_an_image", "Send a JPEG"),
        (["publish", "nonsense"], "malformed_id", "placet generate"),
        (["publish", NOWHERE], "generation_not_found", "placet feed"),
        (["cancel", NOWHERE], "generation_not_found", "placet feed"),
        (["appeal", NOWHERE, "why"], "nothing_to_appeal", "placet timeline"),
        (["report", NOWHERE, "--reason", "x"], "nothing_to_appeal", "placet timeline"),
        (["timeline", NOWHERE], "generation_not_found", "placet feed"),
        (["opt_out", "file", "--character", " "], "filing_invalid", "placet opt-out file"),
        (["opt_out", "file", "--character", "Zorblax", "--until", "soon"], "filing_invalid", "placet opt-out file"),
        (["opt_out", "file", "--character", "Zorblax", "--regions", "Mars"], "filing_invalid", "placet opt-out file"),
        (["opt_out", "end", NOWHERE], "filing_not_found", "placet opt-out list"),
        (["cases", "decide", NOWHERE, "approve", "--reason", "x"], "case_not_found", "placet cases list"),
        (["likeness", "allow", "Nobody"], "person_not_found", "placet users"),
        (["likeness", "allow", "Ben", "--as", "Ben"], "likeness_unknown", "placet likeness enrol"),
        (["likeness", "enrol", "/nowhere.png"], "file_unreadable", "ls -l"),
        (["likeness", "remove", NOWHERE], "not_depicted", "placet notices"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else value[:20],
)
def test_a_mistake_has_a_code_and_a_hint(placet: Placet, words: list[str], code: str, hint: str) -> None:
    failed = failure(placet, *words)
    assert failed.code == code
    assert failed.hint.startswith(hint)


@pytest.mark.parametrize(
    "words",
    [
        ["generate", BALL],
        ["opt_out", "file", "--character", "Zorblax"],
        ["opt_out", "list"],
        ["cases", "list"],
        ["cases", "decide", NOWHERE, "approve", "--reason", "x"],
        ["likeness", "allow", "Ben"],
        ["likeness", "revoke"],
        ["notices"],
        ["report", NOWHERE, "--reason", "x"],
    ],
    ids=" ".join,
)
def test_eve_has_no_permission(placet: Placet, words: list[str]) -> None:
    assert failure(placet, *words, "--as", "Eve").code == "not_permitted"


def test_eve_cannot_publish_cancel_appeal_or_read_bens_generation(placet: Placet) -> None:
    clip = placet("generate", BALL)["id"]
    assert failure(placet, "publish", clip, "--as", "Eve").code == "not_generation_owner"
    assert failure(placet, "cancel", clip, "--as", "Eve").code == "not_generation_owner"
    assert failure(placet, "appeal", clip, "x", "--as", "Eve").code == "nothing_to_appeal"
    assert failure(placet, "timeline", clip, "--as", "Eve").code == "not_permitted"


def test_the_filing_of_another_person_cannot_be_ended(placet: Placet) -> None:
    filed = placet("opt_out", "file", "--character", "Zorblax")
    assert failure(placet, "opt_out", "end", filed["id"], "--as", "Ben").code == "not_filing_owner"
