"""The fixed prompts and seeds that every version of the weights is evaluated on. A shorter list is a prefix."""

import random
from typing import Final

from generator.engines.diffusion.grammar import ParsedPrompt, all_prompts

FIRST_SEED: Final = 2_026_000
HELD_OUT_INTERVAL: Final = 4
"""Every fourth prompt has a triple that training never shows."""


def questions(count: int) -> list[tuple[ParsedPrompt, int]]:
    """(prompt, seed)."""
    chance = random.Random(FIRST_SEED)
    seen, held_out = ([one for one in all_prompts() if one.is_held_out == wanted] for wanted in (False, True))
    decks: dict[bool, list[ParsedPrompt]] = {False: [], True: []}
    asked = []
    for number in range(count):
        is_held_out = number % HELD_OUT_INTERVAL == HELD_OUT_INTERVAL - 1
        deck = decks[is_held_out]
        if not deck:
            deck += chance.sample(held_out if is_held_out else seen, len(held_out if is_held_out else seen))
        asked.append((deck.pop(), FIRST_SEED + number))
    return asked
