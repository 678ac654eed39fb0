"""Polling for the work of other processes."""

import time
from collections.abc import Callable
from typing import Final

POLL_SECONDS: Final = 0.1
Tick = Callable[[], object]
"""Called between two polls: a pause, or in tests the flow itself."""


class WaitTimedOut(TimeoutError):
    """Timed out. What was recorded stays recorded and continues in the background."""


def pause(seconds: float = POLL_SECONDS) -> None:
    """The default tick."""
    time.sleep(seconds)


def wait_until(condition: Callable[[], bool], tick: Tick, seconds: float) -> float:
    """Wait until `condition` holds. Returns the seconds it took. Raises `WaitTimedOut`."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > seconds:
            raise WaitTimedOut
        tick()
    return time.monotonic() - begun
