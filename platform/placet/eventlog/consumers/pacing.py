"""Adaptive pause between passes, for sequencer and projector: the longer a pass took, the more events should gather."""

from typing import Final

PAUSE_PER_PASS: Final = 4
"""Length of a pause in passes, until it is capped: passes take a fifth of the time."""


def pause_after(took_seconds: float, minimum: float, maximum: float) -> float:
    """Seconds to pause after a pass of this length: at least `minimum`, at most `maximum`."""
    return min(max(minimum, PAUSE_PER_PASS * took_seconds), maximum)
