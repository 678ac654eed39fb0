"""The words that the engine draws, for rooms that may not know any engine."""

from functools import cache

from django.conf import settings


@cache
def engine_words() -> frozenset[str]:
    """In lower case. A filing of such a word alone would stop too much, and waits for a human."""
    from generator.registry import engine_named

    kinds = engine_named(settings.PLACET_ENGINE).capabilities().vocabulary
    return frozenset(word for words in kinds.values() for word in words)
