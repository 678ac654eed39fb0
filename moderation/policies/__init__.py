"""Policy sets: rules for what is held and what is blocked, as versioned data."""

from moderation.policies.policy import CURRENT, BadPolicySet, Kind, Policy, PolicySet, Rule, load, parse

__all__ = ["CURRENT", "BadPolicySet", "Kind", "Policy", "PolicySet", "Rule", "load", "parse"]
