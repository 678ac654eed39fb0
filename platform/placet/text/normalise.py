"""Text normalisation: folds disguised words, and keeps the positions of the original characters.

Each text has two readings. `tokens` are the folded words: case, accents, full width, look-alike letters of other
scripts, invisible characters. `unmasked` also undoes manual disguises: digits and symbols for letters, letters spaced
or dotted, letters repeated. Its tokens say whether they were disguised; without any disguise both are the same tuple.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from placet.text.confusables import fold_character

MAX_CHARACTERS = 100_000
"""Text beyond this is not read; then `is_cut` is true, and a check that needs the whole text must not clear it."""

_LEET = str.maketrans("0134578@$!|+€", "oieastbasiite")
_UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # scripts without spaces
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")
_CHUNK = re.compile(r"(?:[^\W_]|[@$€](?=\w))(?:\S*[\w@$€])?")
_MASKED = re.compile(r"(?<=[a-z])[013457@$!|+€8](?=\w)|(?<=[a-z])[0134578]|[0134578@$€](?=[a-z])")
_DRAWN_OUT = re.compile(r"([a-z])\1\1")
_APART = re.compile(r"(?<![\w@$])[a-z0-9@$](?:(?:[^\w@$]|_){1,3}[a-z0-9@$]){2,}(?!\w)")
_REPEATED = re.compile(r"(.)\1+", re.DOTALL)
_CONTROL = re.compile(r"[^\t-\r -~]")
_WHITE = str.maketrans("\t\n\v\f\r", "     ")


@dataclass(frozen=True, slots=True)
class Token:
    """One word: folded text, and its half-open range in the original."""

    text: str
    start: int
    end: int
    places: tuple[int, ...] = ()
    """Positions of a disguised word's letters in the original."""
    is_apart: bool = False
    """Its letters were written apart, so a part of it may be a word of its own."""

    @property
    def is_disguised(self) -> bool:
        return bool(self.places)


@dataclass(frozen=True)
class Normalised:
    """The folded text; `spans[i]` is the half-open range of `text[i]` in the original (None: the same range)."""

    original: str
    text: str
    spans: tuple[tuple[int, int], ...] | None
    is_cut: bool

    def original_range(self, start: int, end: int) -> tuple[int, int]:
        """The range of text[start:end] in the original; end > start."""
        if self.spans is None:
            return start, end
        return self.spans[start][0], self.spans[end - 1][1]

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        return tuple(Token(m[0], *self.original_range(m.start(), m.end())) for m in _WORD.finditer(self.text))

    @cached_property
    def unmasked(self) -> tuple[Token, ...]:
        """The tokens without disguises; the same object as `tokens` if there were none."""
        disguised = [token for token in (*self._apart(), *self._masked()) if token.text]
        if not disguised:
            return self.tokens
        return tuple(sorted([*_outside(self.tokens, disguised), *disguised], key=lambda token: token.start))

    @cached_property
    def squeezed(self) -> str:
        """All tokens joined, without separators and disguises."""
        return "".join(token.text for token in self.unmasked)

    def _apart(self) -> list[Token]:
        return [self._unmask(m, is_apart=True) for m in _APART.finditer(self.text) if _is_worded(m[0])]

    def _masked(self) -> list[Token]:
        if not _is_masked(self.text):
            return []
        chunks = _CHUNK.finditer(self.text)
        return [self._unmask(m, is_apart=False) for m in chunks if _is_masked(m[0]) and _is_worded(m[0])]

    def _unmask(self, found: re.Match[str], *, is_apart: bool) -> Token:
        written = found[0].translate(_LEET)
        letters = [(found.start() + i, char) for i, char in enumerate(written) if char.isalpha()]
        places = tuple(self.original_range(i, i + 1)[0] for i, _ in letters)
        start, end = self.original_range(found.start(), found.end())
        return Token("".join(char for _, char in letters), start, end, places, is_apart)


def normalise(text: str) -> Normalised:
    """Never raises (a lone surrogate reads as a space, NUL as nothing); linear in the text's length."""
    read = text[:MAX_CHARACTERS]
    is_cut = len(text) > MAX_CHARACTERS
    if not _CONTROL.search(read):
        return Normalised(text, read.lower().translate(_WHITE), None, is_cut)
    folded = [(char, (i, i + 1)) for i, written in enumerate(read) for char in fold_character(written)]
    return Normalised(text, "".join(char for char, _ in folded), tuple(span for _, span in folded), is_cut)


def skeleton(text: str) -> str:
    """The form that a word shares with its disguises: l and i are one letter, and a repeated letter counts once."""
    return _REPEATED.sub(r"\1", text.replace("l", "i"))


def skeleton_places(text: str) -> list[tuple[int, str]]:
    """The skeleton's letters, each with its index in `text`."""
    alike = text.replace("l", "i")
    return [(i, char) for i, char in enumerate(alike) if i == 0 or char != alike[i - 1]]


def _is_worded(chunk: str) -> bool:
    return sum(map(str.isalpha, chunk)) >= 2


def _is_masked(text: str) -> bool:
    return bool(_MASKED.search(text) or _DRAWN_OUT.search(text))


def _outside(tokens: tuple[Token, ...], disguised: list[Token]) -> list[Token]:
    covered = {i for token in disguised for i in range(token.start, token.end)}
    return [token for token in tokens if token.start not in covered]
