"""The words that the engines can render, for rooms that may not import engines."""

from functools import cache

from django.conf import settings


@cache
def engine_words() -> frozenset[str]:
    """In lower case. A filing of such a word alone would match too much, and is held for review."""
    from generator.registry import engine_named

    kinds = [words for name in settings.ENGINES for words in engine_named(name).capabilities().vocabulary.values()]
    return frozenset(word for words in kinds for word in words)
