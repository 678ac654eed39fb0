"""Matches prompts against opt-outs: names by look-up, descriptions by meaning. Pure.

Thresholds of a description (cosine, all-MiniLM-L6-v2), measured on 8 descriptions with 17 prompts that request the
character in other words and 24 that only share a trait with it: requests 0.61 to 0.91 (15 of 17 from 0.748 up), shared
traits at most 0.705 (4 of 24 from 0.59 up), unrelated at most 0.40. Hence HOLD_FROM and BLOCK_FROM: all 17 requests are
held or blocked; of the 24 with a shared trait 4 are held and none is blocked.

Names: a prompt costs the same with 10,000 filings as with ten.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

import numpy as np

from placet.kernel.ids import FilingId
from placet.text.common_words import common_words
from placet.text.embeddings import Embedder, Vectors
from placet.text.normalise import Normalised, normalise
from placet.text.phrase_matcher import MatchForm, PhraseMatch, PhraseMatcher
from placet.text.vector_index import VectorIndex
from placet.ui.region import UNKNOWN

Act = Literal["generation", "training"]
Kind = Literal["name", "alias", "description"]
Outcome = Literal["block", "hold"]
Span = tuple[int, int]

HOLD_FROM = 0.60
BLOCK_FROM = 0.74
SHORTEST = 4
EVERYWHERE = "*"


class CannotMatch(Exception):
    """Nothing was matched and nothing may pass: the generation waits until the check can run again."""

    code = "check_cannot_run"


@dataclass(frozen=True)
class OptOutEntry:
    """One opt-out in force. The first name is the character's own, the others are aliases.

    `regions`: country codes, or EVERYWHERE. `until`: exclusive; None means no end.
    """

    id: FilingId
    names: tuple[str, ...]
    description: str | None
    acts: frozenset[Act]
    regions: frozenset[str]
    until: datetime | None = None

    def holds(self, act: Act, region: str, at: datetime) -> bool:
        """Whether it applies. A filing for some regions also applies to an unknown region."""
        is_in_time = self.until is None or at < self.until
        is_there = region == UNKNOWN or bool(self.regions & {region, EVERYWHERE})
        return is_in_time and act in self.acts and is_there


@dataclass(frozen=True)
class Match:
    """One filing that the prompt matches. `span`: half-open, in the prompt as written; all of it for a description.

    `similarity` is 1.0 for a name; `how` is the form of the name in the prompt (None for a description).
    """

    filing: FilingId
    kind: Kind
    span: Span
    similarity: float
    threshold: float
    outcome: Outcome
    how: MatchForm | None


class OptOutIndex:
    """Index of every filing in force. One writer at a time; no storage outside memory."""

    def __init__(self, embedder: Embedder) -> None:
        self.model = embedder.name
        self._embedder = embedder
        self._filings: dict[FilingId, OptOutEntry] = {}
        self._names: PhraseMatcher[tuple[FilingId, Kind]] = PhraseMatcher()
        self._descriptions: VectorIndex[FilingId] = VectorIndex(embedder.dim)

    def __len__(self) -> int:
        return len(self._filings)

    def add(self, filing: OptOutEntry) -> None:
        """Add a filing, or replace one with the same id. Its description is embedded first."""
        row = self._embedder.embed([filing.description])[0] if filing.description else None
        self.end(filing.id)
        self._filings[filing.id] = filing
        for name, key in _keys(filing):
            self._names.add(name, key)
        if row is not None:
            self._descriptions.set(filing.id, row)

    def end(self, filing: FilingId) -> None:
        """Remove a filing; no effect when it is not in force."""
        if ended := self._filings.pop(filing, None):
            self._descriptions.drop(filing)
            for name, key in _keys(ended):
                self._names.remove(name, key)

    def match(
        self, prompt: str, vector: Vectors | None, region: str, at: datetime, act: Act = "generation"
    ) -> list[Match]:
        """Blocks before holds, then in reading order. `vector`: unit length, by the index's model.

        Raises `CannotMatch`.
        """
        text = normalise(prompt)
        usable = self._usable(text, vector)
        matches = [_by_name(found) for found in self._names.find(text)] + self._by_meaning(text, usable)
        in_force = [match for match in matches if self._filings[match.filing].holds(act, region, at)]
        return sorted(in_force, key=lambda match: (match.outcome != "block", match.span, match.filing))

    def _by_meaning(self, text: Normalised, vector: Vectors) -> list[Match]:
        whole = (0, len(text.original))
        alike = self._descriptions.nearest(vector, HOLD_FROM - 0.00005)
        return [_by_description(filing, whole, round(cosine, 4)) for filing, cosine in alike]

    def _usable(self, text: Normalised, vector: Vectors | None) -> Vectors:
        if text.is_cut:
            raise CannotMatch("The prompt is too long to be read whole; nothing was matched. Shorten the prompt.")
        if vector is None:
            raise CannotMatch(f"{self.model} gave no vector; nothing was matched. See `placet doctor`.")
        if vector.shape != (self._embedder.dim,) or not abs(float(np.linalg.norm(vector)) - 1) < 0.01:
            raise CannotMatch(f"This is not a vector of {self.model}: {vector.shape}; nothing was matched.")
        return vector


class ReviewReason(StrEnum):
    """Why a filing must wait for a reviewer before it is in force."""

    TOO_SHORT = "too_short"
    COMMON_WORDS = "common_words"
    ENGINE_WORDS = "engine_words"


def review_reason(name: str, vocabulary: Collection[str]) -> ReviewReason | None:
    """Why a name needs a reviewer; None when it may block at once. `vocabulary`: the engine's words, in lower case."""
    tokens = [token.text for token in normalise(name).unmasked]
    if _is_short(tokens):
        return ReviewReason.TOO_SHORT
    if _all_known(tokens, vocabulary):
        return ReviewReason.ENGINE_WORDS
    return ReviewReason.COMMON_WORDS if _all_known(tokens, common_words()) else None


def _is_short(tokens: list[str]) -> bool:
    if all(len(token) == 1 and not token.isascii() for token in tokens):  # a script in which one character is a word
        return len(tokens) < 2
    return sum(map(len, tokens)) < SHORTEST


def _all_known(tokens: list[str], words: Collection[str]) -> bool:
    return all(
        token in words or token.removesuffix("s") in words or (token.isascii() and len(token) < 3) for token in tokens
    )


def _keys(filing: OptOutEntry) -> list[tuple[str, tuple[FilingId, Kind]]]:
    return [(name, (filing.id, "alias" if i else "name")) for i, name in enumerate(filing.names)]


def _by_name(found: PhraseMatch[tuple[FilingId, Kind]]) -> Match:
    filing, kind = found.key
    outcome: Outcome = "block" if found.how.is_certain else "hold"
    return Match(filing, kind, (found.start, found.end), 1.0, 1.0, outcome, found.how)


def _by_description(filing: FilingId, whole: Span, similarity: float) -> Match:
    if similarity >= BLOCK_FROM:
        return Match(filing, "description", whole, similarity, BLOCK_FROM, "block", None)
    return Match(filing, "description", whole, similarity, HOLD_FROM, "hold", None)
