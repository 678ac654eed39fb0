"""The prompts and seeds that every version of the weights is judged by. The first of them are a slice of the whole."""

import random
from typing import Final

from generator.engines.diffusion.grammar import ParsedPrompt, every

FIRST_SEED: Final = 2_026_000
HELD_OUT_EACH: Final = 4
"""One question in so many is about a triple that training never shows."""


def questions(count: int) -> list[tuple[ParsedPrompt, int]]:
    """What is asked for, and with which seed."""
    chance = random.Random(FIRST_SEED)
    seen, held_out = ([one for one in every() if one.is_held_out == wanted] for wanted in (False, True))
    decks: dict[bool, list[ParsedPrompt]] = {False: [], True: []}
    asked = []
    for number in range(count):
        is_held_out = number % HELD_OUT_EACH == HELD_OUT_EACH - 1
        deck = decks[is_held_out]
        if not deck:
            deck += chance.sample(held_out if is_held_out else seen, len(held_out if is_held_out else seen))
        asked.append((deck.pop(), FIRST_SEED + number))
    return asked
