"""A policy set read from its file and checked whole: a set that is half understood judges nothing."""

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
    """The file cannot be used as it stands; the message names the place and what is expected there."""


@dataclass(frozen=True)
class Rule:
    """One score, and from where on it holds or blocks (None: it never does)."""

    name: str
    kind: Kind
    hold: float | None
    block: float | None
    lists: tuple[tuple[str, ...], ...] = ()
    """`near` asks for one of each; `words` has one group."""
    within: int = 0
    """Words between the first and the last."""
    exemplars: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    """What a prompt may be nearer to, and is then not meant."""


@dataclass(frozen=True)
class Policy:
    """What people are told by name; its refusal code is `policy_<name>`."""

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
    """One of the sets shipped here, by name."""
    path = Path(__file__).with_name(f"{name}.toml")
    if not path.is_file():
        raise BadPolicySet(f"There is no policy set {name!r} beside {Path(__file__).name}; add {path.name} there.")
    return parse(name, path.read_bytes())


def parse(name: str, content: bytes) -> PolicySet:
    """Of a TOML file's bytes; raises BadPolicySet."""
    try:
        raw = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadPolicySet(f"Policy set {name!r} is no TOML file: {error}") from error
    lists = {key: tuple(words) for key, words in raw.get("lists", {}).items()}
    policies = tuple(_policy(entry, lists) for entry in raw.get("policy", ()))
    if not policies or not any(policy.is_zero_tolerance for policy in policies):
        raise BadPolicySet(f"Policy set {name!r} has no floor: sexualised minors, intimate imagery and threats.")
    version = f"{name}-{hashlib.sha256(content).hexdigest()[:12]}"
    return PolicySet(version, policies, lists, tuple(raw.get("innocent", ())))


def _policy(entry: dict[str, Any], lists: Mapping[str, tuple[str, ...]]) -> Policy:
    _only(entry, _POLICY_FIELDS, f"policy {entry.get('name')!r}")
    is_zero_tolerance = bool(entry.get("is_zero_tolerance"))
    would_pass = entry.get("what_would_pass")
    if is_zero_tolerance == (would_pass is not None):
        raise BadPolicySet(
            f"Policy {entry['name']!r}: `what_would_pass` belongs to every policy but those of the floor."
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
        raise BadPolicySet(f"{place}: no list is called {', '.join(sorted(unknown))}; see [lists].")
    if kind not in ("words", "near", "like") or bool(groups) == (kind == "like"):
        raise BadPolicySet(f"{place}: `kind` is words or near with `lists`, or like with `exemplars`.")
    if not ("hold" in entry or "block" in entry) or (kind == "like") != bool(entry.get("exemplars")):
        raise BadPolicySet(f"{place}: `hold` or `block` is missing, or `exemplars` are, or are too many.")
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
        raise BadPolicySet(
            f"{place}: {', '.join(sorted(unknown))} is not known here; known: {', '.join(sorted(allowed))}."
        )
