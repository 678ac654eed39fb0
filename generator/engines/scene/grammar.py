"""Prompt grammar of the scene engine. Unknown words are listed, never guessed at."""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import Self

from generator.engines.scene.words import FILLER, LEXICON, Word

MOTION_PRIORITY = ("collide", "orbit", "bounce", "roll", "rise", "fall", "rest")
"""If a prompt names several motions, the first of these wins: "falls and bounces" is a bounce."""
BACKDROP_OF_COLOUR = {
    "red": "sunset",
    "orange": "sunset",
    "yellow": "sunset",
    "blue": "sky",
    "purple": "night",
    "black": "night",
    "white": "studio",
    "green": "studio",
}
MAX_UNREAD = 50
SURFACES = ("on", "onto", "over", "across", "along", "off")


@dataclass(frozen=True)
class Part:
    """One kind of object as the prompt describes it; None for what it does not name."""

    shape: str | None = None
    count: int | None = None
    colour: str | None = None
    material: str | None = None
    size: str | None = None

    def filled(self, other: Self) -> Self:
        """This part, with missing fields from the other."""
        return replace(self, **{k: v for k, v in vars(other).items() if getattr(self, k) is None})


@dataclass(frozen=True)
class SceneRequest:
    """A parsed prompt. `loose` describes objects without naming one; `swapped` are the shapes to replace."""

    parts: tuple[Part, ...] = ()
    loose: Part = Part()
    motion: str | None = None
    floor: str | None = None
    backdrop: str | None = None
    style: str | None = None
    adds: bool = False
    swapped: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def words_of(prompt: str) -> list[str]:
    """Lower-case words without punctuation, in any script."""
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", prompt).casefold())


def read(prompt: str) -> SceneRequest:
    """Parses a prompt, or an edit of one."""
    reader = _Reader()
    for word in words_of(prompt):
        reader.take(word)
    return reader.result()


@dataclass
class _Reader:
    parts: list[Part] = field(default_factory=list)
    pending: Part = field(default_factory=Part)
    motions: set[str] = field(default_factory=set)
    place: dict[str, str] = field(default_factory=dict)
    side: str = "right"
    cues: set[str] = field(default_factory=set)
    swapped: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    before: tuple[str, str] = ("", "")

    def take(self, text: str) -> None:
        word = LEXICON.get(text)
        if word is not None:
            getattr(self, f"_{word.kind}", self._describe)(word)
        elif text not in FILLER and text not in self.unread and len(self.unread) < MAX_UNREAD:
            self.unread.append(text)
        if self.cues >= {"swap"} and text in ("into", "with", "by"):
            self._swap()
        self.before = (self.before[1], text)

    def _describe(self, word: Word) -> None:
        """Keeps a colour, material or size for the object or place that follows."""
        if word.meaning == "wood" and set(self.before) & set(SURFACES):
            self.place["floor"] = "wood"
        self.pending = Part(**{**vars(self.pending), word.kind: word.meaning})

    def _number(self, word: Word) -> None:
        self.pending = replace(self.pending, count=int(word.meaning))

    def _shape(self, word: Word) -> None:
        count = self.pending.count or (2 if word.is_plural else None)
        self.parts.append(replace(self.pending, shape=word.meaning, count=count))
        self.pending = Part()

    def _motion(self, word: Word) -> None:
        self.motions.add(word.meaning)

    def _side(self, word: Word) -> None:
        self.side = word.meaning

    def _style(self, word: Word) -> None:
        self.place["style"] = word.meaning

    def _floor(self, word: Word) -> None:
        self._set("floor", word.meaning)

    def _backdrop(self, word: Word) -> None:
        self._set("backdrop", word.meaning)

    def _set(self, place: str, meaning: str) -> None:
        """A place takes the word right before it: "green grass" makes nothing else green."""
        self.place[place] = meaning
        if (described := LEXICON.get(self.before[1])) and described.kind in vars(self.pending):
            self.pending = Part()

    def _place(self, word: Word) -> None:
        if word.meaning == "floor" and self.pending.material == "wood":
            self.place["floor"] = "wood"
        elif word.meaning == "background" and self.pending.colour:
            self.place["backdrop"] = BACKDROP_OF_COLOUR[self.pending.colour]
        self.pending = Part()

    def _cue(self, word: Word) -> None:
        self.cues.add(word.meaning)

    def _swap(self) -> None:
        self.swapped += [part.shape for part in self.parts if part.shape]
        self.parts.clear()

    def result(self) -> SceneRequest:
        motion = next((m for m in MOTION_PRIORITY if m in self.motions), None)
        loose = (
            replace(self.pending, material=None) if self.before[1] == "wood" and "floor" in self.place else self.pending
        )
        return SceneRequest(
            parts=tuple(part.filled(loose) for part in self.parts),
            loose=loose,
            motion=f"roll_{self.side}" if motion == "roll" else motion,
            adds="add" in self.cues,
            swapped=tuple(self.swapped),
            unread=tuple(self.unread),
            **self.place,
        )
