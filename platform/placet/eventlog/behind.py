"""Reading a projection that must have reached a position: wait for it, or say that it is behind."""

import time
from typing import Final

from placet.eventlog.projecting import position_of

WAIT_SECONDS: Final = 5.0


class Behind(RuntimeError):
    """A projection has not reached the position that this answer needs. Try again; `placet status` shows the lag."""


def wait_for(projection: str, position: int, seconds: float = WAIT_SECONDS) -> None:
    """Return once the projection stands at `position` or beyond. Raises `Behind`."""
    until = time.monotonic() + seconds
    while position_of(projection) < position:
        if time.monotonic() > until:
            raise Behind(f"projection {projection} has not reached position {position}")
        time.sleep(0.005)
