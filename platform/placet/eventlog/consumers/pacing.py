"""How long to rest between two passes over what comes in: the dearer a pass, the more should gather for the next."""

from typing import Final

SHARE: Final = 4
"""A rest is so many times as long as the pass before it, until it is capped: passes take a fifth of the time."""


def pause_after(took_seconds: float, least: float, most: float) -> float:
    """Seconds to rest after a pass that took so long: `least` while all is quiet, never more than `most`."""
    return min(max(least, SHARE * took_seconds), most)
