"""Phrase matcher: finds many phrases in one text by dictionary look-ups, never by scanning the phrases.

The cost depends on the text's length, not on the number of phrases: each run of words is joined and looked up.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from operator import add
from typing import Generic, TypeVar

from placet.text.normalise import Normalised, Token, normalise, skeleton, skeleton_places

Key = TypeVar("Key")

MIN_LETTERS = 6
"""Minimum letters of a phrase to match across other word breaks or inside a disguised word."""
MIN_LETTERS_APART = 4
"""The same for letters that were written apart, where the disguise itself is evidence."""
_MAX_LETTERS = 64


class MatchForm(StrEnum):
    """The form in which a phrase was found; `SPLIT` and `INSIDE` may be coincidence."""

    PLAIN = "plain"
    DISGUISED = "disguised"
    SPLIT = "split"
    INSIDE = "inside"

    @property
    def is_certain(self) -> bool:
        return self in (MatchForm.PLAIN, MatchForm.DISGUISED)


@dataclass(frozen=True, slots=True)
class PhraseMatch(Generic[Key]):
    """One phrase of `key` at original[start:end]."""

    key: Key
    start: int
    end: int
    how: MatchForm


@dataclass(frozen=True, slots=True)
class _Phrase(Generic[Key]):
    key: Key
    words: int
    letters: str


@dataclass
class PhraseMatcher(Generic[Key]):
    """Phrases by key; `add` and `remove` cost the phrase's own length."""

    _plain: dict[str, list[_Phrase[Key]]] = field(default_factory=dict)
    _bare: dict[str, list[_Phrase[Key]]] = field(default_factory=dict)
    _max_letters: int = 0

    def add(self, text: str, key: Key) -> None:
        """Indexes the phrase as written and in capitals (Greek and Cyrillic capitals look different)."""
        for phrase in _phrases(text, key):
            self._max_letters = max(self._max_letters, len(phrase.letters))
            self._plain.setdefault(phrase.letters, []).append(phrase)
            self._bare.setdefault(skeleton(phrase.letters), []).append(phrase)

    def remove(self, text: str, key: Key) -> None:
        for phrase in _phrases(text, key):
            _drop(self._plain, phrase.letters, phrase)
            _drop(self._bare, skeleton(phrase.letters), phrase)

    def find(self, text: Normalised) -> list[PhraseMatch[Key]]:
        """Each phrase once per key and position, in reading order; certain forms win over the others."""
        found = list(self._in_words(text.tokens))
        if text.unmasked is not text.tokens:
            found += [hit for token in text.unmasked if token.is_disguised for hit in self._inside(token)]
            found += self._across(text.unmasked)
        return sorted(_once(found), key=lambda hit: (hit.start, hit.end))

    def _in_words(self, tokens: tuple[Token, ...]) -> Iterator[PhraseMatch[Key]]:
        for run, letters in _runs(tokens, [token.text for token in tokens], self._max_letters, add):
            for phrase in self._look_up(self._plain, letters):
                if how := _how(phrase, len(run)):
                    yield PhraseMatch(phrase.key, run[0].start, run[-1].end, how)

    def _across(self, tokens: tuple[Token, ...]) -> Iterator[PhraseMatch[Key]]:
        bare = [skeleton(token.text) for token in tokens]
        for run, letters in _runs(tokens, bare, self._max_letters, _joined_bare):
            if any(token.places for token in run):
                for phrase in self._look_up(self._bare, letters):
                    if how := _how(phrase, len(run)):
                        shown = MatchForm.DISGUISED if how is MatchForm.PLAIN else how
                        yield PhraseMatch(phrase.key, run[0].start, run[-1].end, shown)

    def _inside(self, token: Token) -> Iterator[PhraseMatch[Key]]:
        least = MIN_LETTERS_APART if token.is_apart else MIN_LETTERS
        how = MatchForm.DISGUISED if token.is_apart else MatchForm.INSIDE
        places = [(token.places[i], char) for i, char in skeleton_places(token.text)]
        bare = "".join(char for _, char in places)
        for start in range(len(bare) - least + 1):
            for end in range(start + least, min(len(bare), start + self._max_letters) + 1):
                for phrase in self._bare.get(bare[start:end], ()):
                    yield PhraseMatch(phrase.key, places[start][0], places[end - 1][0] + 1, how)

    def _look_up(self, index: dict[str, list[_Phrase[Key]]], letters: str) -> list[_Phrase[Key]]:
        found = index.get(letters, [])
        if letters.endswith("s") and len(letters) > 3 and (singular := index.get(letters[:-1])):
            return [*found, *singular]
        return found


def _how(phrase: _Phrase[Key], words: int) -> MatchForm | None:
    if words == phrase.words:
        return MatchForm.PLAIN
    if len(phrase.letters) < MIN_LETTERS:
        return None
    return MatchForm.PLAIN if words < phrase.words else MatchForm.SPLIT


def _runs(
    tokens: tuple[Token, ...], texts: list[str], max_letters: int, join: Callable[[str, str], str]
) -> Iterator[tuple[tuple[Token, ...], str]]:
    """Every run of words that is short enough for a phrase or its plural, with its letters."""
    for first in range(len(tokens)):
        letters = ""
        for last in range(first, len(tokens)):
            letters = join(letters, texts[last])
            if len(letters) > max_letters + 1:
                break
            yield tokens[first : last + 1], letters


def _joined_bare(one: str, other: str) -> str:
    """A letter that ends one word and begins the next counts once, as in `skeleton`."""
    return one + other[1:] if one[-1:] == other[:1] else one + other


def _phrases(text: str, key: Key) -> set[_Phrase[Key]]:
    read = [normalise(form).tokens for form in (text, text.upper())]
    phrases = {_Phrase(key, len(tokens), "".join(token.text for token in tokens)) for tokens in read}
    return {phrase for phrase in phrases if 0 < len(phrase.letters) <= _MAX_LETTERS}


def _drop(index: dict[str, list[_Phrase[Key]]], letters: str, phrase: _Phrase[Key]) -> None:
    left = [other for other in index.get(letters, ()) if other != phrase]
    if left:
        index[letters] = left
    else:
        index.pop(letters, None)


def _once(found: list[PhraseMatch[Key]]) -> list[PhraseMatch[Key]]:
    best: dict[Key, list[PhraseMatch[Key]]] = {}
    for hit in sorted(found, key=lambda hit: (not hit.how.is_certain, hit.start, -hit.end)):
        kept = best.setdefault(hit.key, [])
        if all(hit.end <= other.start or other.end <= hit.start for other in kept):
            kept.append(hit)
    return [hit for kept in best.values() for hit in kept]
