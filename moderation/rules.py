"""Rules engine: judges a prompt and its vector by a policy set. Pure.

Scores are rounded to four digits before they are compared, so that the recorded scores and thresholds alone give the
same outcome.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np

from moderation.policies import Policy, PolicySet, Rule
from moderation.policies.lexicon import Lexicon, Reading, Span
from placet.text.embeddings import Embedder, Vectors
from placet.text.normalise import Normalised, normalise

Outcome = Literal["clear", "hold", "block"]
Thresholds = Mapping[str, Mapping[str, float]]

_SEVERITY: Mapping[Outcome, int] = {"clear": 0, "hold": 1, "block": 2}


class CheckCannotRun(Exception):
    """Nothing was judged and nothing may pass: the generation waits until the check can run again."""

    code = "check_cannot_run"


@dataclass(frozen=True)
class PolicyResult:
    """The result for one prompt, with every score, threshold and version.

    `policy`, `rule` and `code` are None when clear. `spans` are half-open ranges of the prompt as written; for a
    `like` rule all of it, and `reads_like` is the nearest exemplar. Zero tolerance has no `what_would_pass`.
    """

    outcome: Outcome
    policy: str | None
    rule: str | None
    code: str | None
    spans: tuple[Span, ...]
    reads_like: str | None
    what_would_pass: str | None
    is_zero_tolerance: bool
    scores: Mapping[str, float]
    thresholds: Thresholds
    policy_version: str
    model: str


class Rulebook:
    """A prepared policy set: phrases indexed and exemplars embedded once. Threads may share it."""

    def __init__(self, policies: PolicySet, embedder: Embedder) -> None:
        self.policies = policies
        self.model = embedder.name
        self.dim = embedder.dim
        self.thresholds: Thresholds = {key: _thresholds(rule) for key, _, rule in policies.rules}
        self._lexicon = Lexicon(policies)
        self._in_text = [(key, rule) for key, _, rule in policies.rules if rule.kind != "like"]
        self._alike = [(key, rule) for key, _, rule in policies.rules if rule.kind == "like"]
        self._sentences = embedder.embed([text for _, rule in self._alike for text in rule.exemplars + rule.unlike])

    def read(self, text: Normalised, vector: Vectors) -> dict[str, Reading]:
        """Every rule's reading, words and near first, then like, each in the order of the file."""
        return self._lexicon.read(text, self._in_text) | self._by_meaning(text, vector)

    def _by_meaning(self, text: Normalised, vector: Vectors) -> dict[str, Reading]:
        cosines = iter((self._sentences @ vector).tolist())
        whole = ((0, len(text.original)),)
        return {key: _likeness(rule, cosines, whole) for key, rule in self._alike}


def judge(prompt: str, vector: Vectors | None, rulebook: Rulebook) -> PolicyResult:
    """`vector`: float32 [rulebook.dim], length 1, by the rulebook's model. Raises CheckCannotRun."""
    text = normalise(prompt)
    readings = rulebook.read(text, _usable(text, vector, rulebook))
    scores = {key: reading.score for key, reading in readings.items()}
    outcome, policy, rule = _most_severe(rulebook, scores)
    reading = readings[f"{policy.name}.{rule.name}"] if policy and rule else Reading(0.0)
    return PolicyResult(
        outcome=outcome,
        policy=policy.name if policy else None,
        rule=rule.name if rule else None,
        code=policy.code if policy else None,
        spans=reading.spans,
        reads_like=reading.exemplar,
        what_would_pass=policy.what_would_pass if policy else None,
        is_zero_tolerance=bool(policy and policy.is_zero_tolerance),
        scores=scores,
        thresholds=rulebook.thresholds,
        policy_version=rulebook.policies.version,
        model=rulebook.model,
    )


def _most_severe(rulebook: Rulebook, scores: Mapping[str, float]) -> tuple[Outcome, Policy | None, Rule | None]:
    """Block before hold, zero tolerance before the others, then the order of the file."""
    judged = [
        (_outcome(scores[key], rulebook.thresholds[key]), policy, rule) for key, policy, rule in rulebook.policies.rules
    ]
    outcome, policy, rule = max(judged, key=lambda one: (_SEVERITY[one[0]], one[1].is_zero_tolerance))
    return (outcome, None, None) if outcome == "clear" else (outcome, policy, rule)


def _outcome(score: float, thresholds: Mapping[str, float]) -> Outcome:
    if score >= thresholds.get("block", np.inf):
        return "block"
    return "hold" if score >= thresholds.get("hold", np.inf) else "clear"


def _likeness(rule: Rule, cosines: Iterator[float], whole: tuple[Span, ...]) -> Reading:
    alike = list(islice(cosines, len(rule.exemplars)))
    unlike = list(islice(cosines, len(rule.unlike)))
    best = max(alike)
    score = 0.0 if unlike and max(unlike) > best else round(best, 4)
    return Reading(score, whole, rule.exemplars[alike.index(best)])


def _thresholds(rule: Rule) -> dict[str, float]:
    return {name: value for name, value in (("hold", rule.hold), ("block", rule.block)) if value is not None}


def _usable(text: Normalised, vector: Vectors | None, rulebook: Rulebook) -> Vectors:
    if text.is_cut:
        raise CheckCannotRun("The prompt is too long to be read whole; nothing was judged. Shorten the prompt.")
    if vector is None:
        raise CheckCannotRun(f"{rulebook.model} gave no vector; nothing was judged. See `placet doctor`.")
    if vector.shape != (rulebook.dim,) or not abs(float(np.linalg.norm(vector)) - 1) < 0.01:
        raise CheckCannotRun(
            f"This is not a vector of {rulebook.model} ({rulebook.dim} numbers of length 1): {vector.shape}."
        )
    return vector
