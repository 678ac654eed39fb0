"""Policy sets: parsed from a file and validated as a whole; an invalid set is not used at all."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

CURRENT = "v1"
Kind = Literal["words", "near", "like"]

_RULE_FIELDS = {"name", "kind", "lists", "within", "hold", "block", "exemplars", "unlike"}
_POLICY_FIELDS = {"name", "title", "is_zero_tolerance", "what_would_pass", "rules"}


class BadPolicySet(Exception):
    """The file is invalid; the message names the place and what is expected there."""


@dataclass(frozen=True)
class Rule:
    """One score with its thresholds to hold and to block (None: never)."""

    name: str
    kind: Kind
    hold: float | None
    block: float | None
    lists: tuple[tuple[str, ...], ...] = ()
    """`near` needs one hit of each group; `words` has one group."""
    within: int = 0
    """Most words from the first hit to the last."""
    exemplars: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    """Sentences that clear a prompt which is nearer to them than to the exemplars."""


@dataclass(frozen=True)
class Policy:
    """One policy; its refusal code is `policy_<name>`."""

    name: str
    title: str
    is_zero_tolerance: bool
    what_would_pass: str | None
    rules: tuple[Rule, ...]

    @property
    def code(self) -> str:
        return f"policy_{self.name}"


@dataclass(frozen=True)
class PolicySet:
    """`version` is the file's name and the first 12 hex digits of its SHA-256."""

    version: str
    policies: tuple[Policy, ...]
    lists: Mapping[str, tuple[str, ...]]
    innocent: tuple[str, ...]

    @cached_property
    def rules(self) -> tuple[tuple[str, Policy, Rule], ...]:
        """Every rule in order, under the key of its score: `<policy>.<rule>`."""
        return tuple((f"{policy.name}.{rule.name}", policy, rule) for policy in self.policies for rule in policy.rules)


def load(name: str = CURRENT) -> PolicySet:
    """A shipped policy set, by name."""
    path = Path(__file__).with_name(f"{name}.toml")
    if not path.is_file():
        raise BadPolicySet(f"There is no policy set {name!r}; add {path.name} next to {Path(__file__).name}.")
    return parse(name, path.read_bytes())


def parse(name: str, content: bytes) -> PolicySet:
    """Parse the bytes of a TOML file. Raises BadPolicySet."""
    try:
        raw = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadPolicySet(f"Policy set {name!r} is not a TOML file: {error}") from error
    lists = {key: tuple(words) for key, words in raw.get("lists", {}).items()}
    policies = tuple(_policy(entry, lists) for entry in raw.get("policy", ()))
    if not policies or not any(policy.is_zero_tolerance for policy in policies):
        raise BadPolicySet(
            f"Policy set {name!r} has no zero-tolerance policy: sexualised minors, intimate imagery and threats."
        )
    version = f"{name}-{hashlib.sha256(content).hexdigest()[:12]}"
    return PolicySet(version, policies, lists, tuple(raw.get("innocent", ())))


def _policy(entry: dict[str, Any], lists: Mapping[str, tuple[str, ...]]) -> Policy:
    _only(entry, _POLICY_FIELDS, f"policy {entry.get('name')!r}")
    is_zero_tolerance = bool(entry.get("is_zero_tolerance"))
    would_pass = entry.get("what_would_pass")
    if is_zero_tolerance == (would_pass is not None):
        raise BadPolicySet(
            f"Policy {entry['name']!r}: every policy needs `what_would_pass`, except zero-tolerance policies."
        )
    rules = tuple(_rule(rule, lists) for rule in entry["rules"])
    return Policy(entry["name"], entry["title"], is_zero_tolerance, would_pass, rules)


def _rule(entry: dict[str, Any], lists: Mapping[str, tuple[str, ...]]) -> Rule:
    place = f"rule {entry.get('name')!r}"
    _only(entry, _RULE_FIELDS, place)
    kind = entry["kind"]
    groups = tuple(tuple(group.split("|")) for group in entry.get("lists", ()))
    unknown = {name for group in groups for name in group} - set(lists)
    if unknown:
        raise BadPolicySet(f"{place}: no list is named {', '.join(sorted(unknown))}; see [lists].")
    if kind not in ("words", "near", "like") or bool(groups) == (kind == "like"):
        raise BadPolicySet(f"{place}: `kind` is words or near with `lists`, or like with `exemplars`.")
    if not ("hold" in entry or "block" in entry) or (kind == "like") != bool(entry.get("exemplars")):
        raise BadPolicySet(f"{place}: it needs `hold` or `block`, and `exemplars` only for the kind like.")
    alike, unlike = tuple(entry.get("exemplars", ())), tuple(entry.get("unlike", ()))
    return Rule(
        name=entry["name"],
        kind=cast("Kind", kind),
        hold=entry.get("hold"),
        block=entry.get("block"),
        lists=groups,
        within=entry.get("within", 0),
        exemplars=alike,
        unlike=unlike,
    )


def _only(entry: dict[str, Any], allowed: set[str], place: str) -> None:
    if missing := {"name", "rules" if "title" in entry else "kind"} - set(entry):
        raise BadPolicySet(f"{place}: {', '.join(sorted(missing))} is missing.")
    if unknown := set(entry) - allowed:
        raise BadPolicySet(f"{place}: {', '.join(sorted(unknown))} is unknown; known: {', '.join(sorted(allowed))}.")
