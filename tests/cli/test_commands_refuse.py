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
        (["ask", BALL, "--as", "Nobody"], "person_unknown", "placet people"),
        (["ask", " "], "prompt_unusable", "placet ask"),
        (["ask", "x" * 100_000], "prompt_unusable", "placet ask"),
        (["ask", "a\x00b"], "prompt_unusable", "placet ask"),
        (["ask", "a\ud800b"], "prompt_unusable", "placet ask"),
        (["ask", BALL, "--seconds", "99"], "clip_too_long", "placet ask"),
        (["ask", BALL, "--seconds", "nan"], "clip_too_long", "placet ask"),
        (["ask", BALL, "--parent", "nonsense"], "malformed_id", "placet feed"),
        (["ask", BALL, "--parent", NOWHERE], "no_such_generation", "placet feed"),
        (["ask", BALL, "--image", "/nowhere.png"], "file_unreadable", "ls -l"),
        (["ask", BALL, "--image", __file__], "media_not_an_image", "Send a JPEG"),
        (["publish", "nonsense"], "malformed_id", "placet ask"),
        (["publish", NOWHERE], "no_such_generation", "placet feed"),
        (["cancel", NOWHERE], "no_such_generation", "placet feed"),
        (["contest", NOWHERE, "why"], "nothing_to_contest", "placet story"),
        (["report", NOWHERE, "--reason", "x"], "nothing_to_contest", "placet story"),
        (["story", NOWHERE], "no_such_generation", "placet feed"),
        (["opt_out", "file", "--character", " "], "filing_unusable", "placet opt-out file"),
        (["opt_out", "file", "--character", "Zorblax", "--until", "soon"], "filing_unusable", "placet opt-out file"),
        (["opt_out", "file", "--character", "Zorblax", "--regions", "Mars"], "filing_unusable", "placet opt-out file"),
        (["opt_out", "end", NOWHERE], "no_such_filing", "placet opt-out list"),
        (["case", "decide", NOWHERE, "allow", "--reason", "x"], "no_such_case", "placet case list"),
        (["likeness", "allow", "Nobody"], "person_unknown", "placet people"),
        (["likeness", "allow", "Ben", "--as", "Ben"], "likeness_unknown", "placet likeness enrol"),
        (["likeness", "enrol", "/nowhere.png"], "file_unreadable", "ls -l"),
        (["likeness", "remove", NOWHERE], "not_shown_in_it", "placet notices"),
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
        ["ask", BALL],
        ["opt_out", "file", "--character", "Zorblax"],
        ["opt_out", "list"],
        ["case", "list"],
        ["case", "decide", NOWHERE, "allow", "--reason", "x"],
        ["likeness", "allow", "Ben"],
        ["likeness", "revoke"],
        ["notices"],
        ["report", NOWHERE, "--reason", "x"],
    ],
    ids=" ".join,
)
def test_eve_may_do_none_of_it(placet: Placet, words: list[str]) -> None:
    assert failure(placet, *words, "--as", "Eve").code == "not_permitted"


def test_eve_neither_publishes_nor_ends_nor_reads_what_is_bens(placet: Placet) -> None:
    clip = placet("ask", BALL)["id"]
    assert failure(placet, "publish", clip, "--as", "Eve").code == "not_yours"
    assert failure(placet, "cancel", clip, "--as", "Eve").code == "not_yours"
    assert failure(placet, "contest", clip, "x", "--as", "Eve").code == "nothing_to_contest"
    assert failure(placet, "story", clip, "--as", "Eve").code == "not_permitted"


def test_somebody_elses_filing_is_not_ended(placet: Placet) -> None:
    filed = placet("opt_out", "file", "--character", "Zorblax")
    assert failure(placet, "opt_out", "end", filed["id"], "--as", "Ben").code == "not_your_filing"
