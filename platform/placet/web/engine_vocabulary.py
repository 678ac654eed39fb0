"""The words that the engines draw, for rooms that may not know any."""

from functools import cache

from django.conf import settings


@cache
def engine_words() -> frozenset[str]:
    """In lower case. A filing of such a word alone would stop too much, and waits for a human."""
    from generator.registry import engine_named

    kinds = [words for name in settings.ENGINES for words in engine_named(name).capabilities().vocabulary.values()]
    return frozenset(word for words in kinds for word in words)
