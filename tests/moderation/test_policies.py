from pathlib import Path

import pytest

from moderation import policies
from moderation.policies import BadPolicySet, load, parse

ZERO_TOLERANCE = {"sexualised_minors", "intimate_imagery", "threats"}
SET = """
[lists]
gore = ["severed head"]
[[policy]]
name = "threats"
title = "Threats"
is_zero_tolerance = true
rules = [{ name = "says", kind = "words", lists = ["gore"], block = 1.0 }]
"""


def test_exactly_three_policies_are_zero_tolerance() -> None:
    assert {policy.name for policy in load().policies if policy.is_zero_tolerance} == ZERO_TOLERANCE


def test_every_zero_tolerance_rule_can_block() -> None:
    assert all(
        rule.block is not None for policy in load().policies if policy.is_zero_tolerance for rule in policy.rules
    )


def test_every_list_is_used() -> None:
    used = {name for _, _, rule in load().rules for group in rule.lists for name in group}
    assert used == set(load().lists)


def test_rule_names_are_unique_and_codes_name_the_policy() -> None:
    keys = [key for key, *_ in load().rules]
    assert len(keys) == len(set(keys))
    assert all(policy.code == f"policy_{policy.name}" for policy in load().policies)


def test_one_changed_byte_is_another_version() -> None:
    content = (Path(policies.__file__).parent / "v1.toml").read_bytes()
    assert parse("v1", content).version == load("v1").version
    assert parse("v1", content + b"\n").version != load("v1").version


def test_a_missing_set_is_named() -> None:
    with pytest.raises(BadPolicySet, match="v99"):
        load("v99")


@pytest.mark.parametrize(
    ("invalid", "message"),
    [
        (SET.replace("lists]", "lists"), "not a TOML"),
        (SET.replace('["gore"]', '["gure"]'), "no list is named gure"),
        (SET.replace("is_zero_tolerance = true", 'what_would_pass = "x"'), "no zero-tolerance policy"),
        (SET.replace("is_zero_tolerance = true", 'is_zero_tolerance = true\nwhat_would_pass = "x"'), "what_would_pass"),
        (SET.replace("block = 1.0", "blok = 1.0"), "blok is unknown"),
        (SET.replace(", block = 1.0", ""), "needs `hold` or `block`"),
        (SET.replace('"words"', '"like"'), "kind"),
        (SET.replace('name = "says", ', ""), "name is missing"),
    ],
)
def test_an_invalid_set_is_refused(invalid: str, message: str) -> None:
    with pytest.raises(BadPolicySet, match=message):
        parse("test", invalid.encode())
