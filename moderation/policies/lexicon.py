"""Evaluates `words` and `near` rules on one text."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from moderation.policies.policy import PolicySet, Rule
from placet.text.normalise import Normalised
from placet.text.phrase_matcher import PhraseMatch, PhraseMatcher

Span = tuple[int, int]
CERTAIN = 1.0
UNCERTAIN = 0.5
"""The phrase is found only across word breaks or inside a longer word."""

_INNOCENT = "innocent"
_Hits = Mapping[str, Sequence[PhraseMatch[str]]]


@dataclass(frozen=True, slots=True)
class Reading:
    """One rule's score, and the half-open spans of the text that gave it."""

    score: float
    spans: tuple[Span, ...] = ()
    exemplar: str | None = None


NOTHING = Reading(0.0)


class Lexicon:
    """All lists of a policy set in one matcher, so that one pass over a text serves every rule."""

    def __init__(self, policies: PolicySet) -> None:
        self._matcher: PhraseMatcher[str] = PhraseMatcher()
        for name, phrases in (*policies.lists.items(), (_INNOCENT, policies.innocent)):
            for phrase in phrases:
                self._matcher.add(phrase, name)

    def read(self, text: Normalised, rules: Iterable[tuple[str, Rule]]) -> dict[str, Reading]:
        """One reading per key. `rules` has no `like` rules."""
        hits = _by_list(self._matcher.find(text))
        if not hits:
            return {key: NOTHING for key, _ in rules}
        starts = [token.start for token in text.tokens]
        return {key: _words(rule, hits) if rule.kind == "words" else _near(rule, hits, starts) for key, rule in rules}


def _by_list(found: Sequence[PhraseMatch[str]]) -> _Hits:
    innocent = [hit for hit in found if hit.key == _INNOCENT and hit.how.is_certain]
    hits: dict[str, list[PhraseMatch[str]]] = {}
    for hit in found:
        if hit.key != _INNOCENT and not any(other.start <= hit.start and hit.end <= other.end for other in innocent):
            hits.setdefault(hit.key, []).append(hit)
    return hits


def _words(rule: Rule, hits: _Hits) -> Reading:
    """One hit is enough, so the most certain counts."""
    found = [hit for group in rule.lists for name in group for hit in hits.get(name, ())]
    return Reading(max(map(_certainty, found), default=0.0), _spans(found))


def _near(rule: Rule, hits: _Hits, starts: list[int]) -> Reading:
    """Hits of every group within `rule.within` words; all are needed, so the least certain counts."""
    groups = [[hit for name in group for hit in hits.get(name, ())] for group in rule.lists]
    if not all(groups):
        return NOTHING
    best = NOTHING
    for first in sorted((hit for group in groups for hit in group), key=lambda hit: hit.start):
        last_start = starts[min(bisect_right(starts, first.start) - 1 + rule.within, len(starts) - 1)]
        near = [[hit for hit in group if first.start <= hit.start <= last_start] for group in groups]
        if all(near):
            chosen = [max(group, key=_certainty) for group in near]
            best = max(best, Reading(min(map(_certainty, chosen)), _spans(chosen)), key=lambda reading: reading.score)
    return best


def _certainty(hit: PhraseMatch[str]) -> float:
    return CERTAIN if hit.how.is_certain else UNCERTAIN


def _spans(hits: Iterable[PhraseMatch[str]]) -> tuple[Span, ...]:
    return tuple(sorted({(hit.start, hit.end) for hit in hits}))
