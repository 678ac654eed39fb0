"""Policy sets: what is held and what is blocked, as data with a version."""

from moderation.policies.policy import CURRENT, BadPolicySet, Kind, Policy, PolicySet, Rule, load, parse

__all__ = ["CURRENT", "BadPolicySet", "Kind", "Policy", "PolicySet", "Rule", "load", "parse"]
