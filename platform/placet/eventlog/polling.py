"""Waiting for what other processes do."""

import time
from collections.abc import Callable
from typing import Final

POLL_SECONDS: Final = 0.1
Tick = Callable[[], object]
"""What passes the time between two looks: a rest, or in tests the flow itself."""


class WaitTimedOut(TimeoutError):
    """It had not happened when the time was over. What was recorded stays recorded, and goes on."""


def pause(seconds: float = POLL_SECONDS) -> None:
    """The usual tick."""
    time.sleep(seconds)


def wait_until(is_so: Callable[[], bool], tick: Tick, seconds: float) -> float:
    """Seconds that it took until `is_so`. Raises `WaitTimedOut`."""
    begun = time.monotonic()
    while not is_so():
        if time.monotonic() - begun > seconds:
            raise WaitTimedOut
        tick()
    return time.monotonic() - begun
