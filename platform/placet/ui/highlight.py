"""Highlighting of evidence in a text."""

from collections.abc import Sequence


def segments(text: str, spans: Sequence[tuple[int, int]]) -> tuple[tuple[str, bool], ...]:
    """Split a text where evidence begins and ends; True marks evidence. Overlapping spans are merged."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in sorted(spans):
        if end <= at:
            continue
        pieces += [(text[at : max(at, start)], False), (text[max(at, start) : end], True)]
        at = end
    return tuple(piece for piece in [*pieces, (text[at:], False)] if piece[0])
