"""Grammar of the model's prompts: four shapes, six colours, five motions, two floors, four styles, in many phrases."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

VERSION: Final = "3"
COLOURS: Final = {
    "red": (214, 48, 49),
    "orange": (240, 140, 30),
    "yellow": (246, 214, 60),
    "green": (46, 160, 67),
    "blue": (45, 96, 220),
    "purple": (142, 68, 190),
}
"""Name -> RGB of the object in full light."""
SHAPES: Final = ("ball", "cube", "cone", "star")
MOTIONS: Final = ("bounce", "fall", "roll_left", "roll_right", "rest")
FLOORS: Final = ("wood", "grass")
STYLES: Final = ("plain", "cinematic", "documentary", "cartoon")
PHRASES: Final = {
    "ball": ("ball", "sphere"),
    "cube": ("cube", "box", "block"),
    "cone": ("cone",),
    "star": ("star",),
    "bounce": ("bounces", "is bouncing", "hops"),
    "fall": ("falls and stops", "falls", "drops"),
    "roll_left": ("rolls left", "rolls to the left", "slides left"),
    "roll_right": ("rolls right", "rolls to the right", "slides right"),
    "rest": ("rests", "lies still", "stands still"),
    "wood": ("on wood", "on a wooden floor"),
    "grass": ("on grass", "on the grass", "on a lawn"),
    "plain": ("",),
    "cinematic": (", cinematic", ", cinematic style", ", like in the cinema"),
    "documentary": (", documentary", ", documentary style", ", filmed by hand"),
    "cartoon": (", cartoon", ", cartoon style", ", as a cartoon"),
}
FORMS: Final = (
    "{a} {colour} {shape} {motion} {floor}",
    "the {colour} {shape} {motion} {floor}",
    "{floor} {a} {colour} {shape} {motion}",
    "a clip of {a} {colour} {shape} that {motion} {floor}",
)
HELD_OUT_COUNT: Final = 12
"""How many of the 120 (colour, shape, motion) triples are never used in training."""


@dataclass(frozen=True, slots=True, order=True)
class ParsedPrompt:
    """One prompt of the grammar. `str()` gives its standard wording."""

    colour: str
    shape: str
    motion: str
    floor: str
    style: str = "plain"

    def random_wording(self, chance: random.Random) -> str:
        """A random wording of the prompt."""
        words = {kind: chance.choice(PHRASES[getattr(self, kind)]) for kind in ("shape", "motion", "floor")}
        return self._in(chance.choice(FORMS), words) + chance.choice(PHRASES[self.style])

    def __str__(self) -> str:

        words = {kind: PHRASES[getattr(self, kind)][0] for kind in ("shape", "motion", "floor")}
        return self._in(FORMS[0], words) + PHRASES[self.style][0]

    def _in(self, form: str, words: dict[str, str]) -> str:
        return form.format(a="an" if self.colour == "orange" else "a", colour=self.colour, **words)

    @property
    def is_held_out(self) -> bool:
        return (self.colour, self.shape, self.motion) in HELD_OUT


def all_prompts() -> Iterator[ParsedPrompt]:
    """All 240 prompts in the plain style."""
    return (ParsedPrompt(*words) for words in itertools.product(COLOURS, SHAPES, MOTIONS, FLOORS))


def _held_out() -> frozenset[tuple[str, str, str]]:
    """Each colour, shape and motion is held out about equally often, and none entirely."""
    colours, triples = list(COLOURS), set()
    for number in range(HELD_OUT_COUNT):
        shape, motion = SHAPES[number % len(SHAPES)], MOTIONS[(number * 3 + 1) % len(MOTIONS)]
        triples.add((colours[number % len(colours)], shape, motion))
    return frozenset(triples)


HELD_OUT: Final = _held_out()
