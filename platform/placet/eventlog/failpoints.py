"""Named points at which a test lets a process die as if by `kill -9`. In production they cost one comparison.

`PLACET_FAILPOINTS=relay.sent:1,relay.sent:2` kills the first and the second time that this point is passed by anyone.
`PLACET_FAILPOINT_STATE` names a folder in which passes are counted across lives, so that who is started again goes on.
"""

import os
import signal
from collections import Counter
from pathlib import Path
from typing import Final

AT: Final = frozenset(filter(None, os.environ.get("PLACET_FAILPOINTS", "").split(",")))
LEFT: Final = os.environ.get("PLACET_FAILPOINT_STATE", "")
_POINTS: Final = {point.partition(":")[0] for point in AT}
_hits: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Die here, when this is a point and a time that was asked for."""
    if name in _POINTS and f"{name}:{_count(name)}" in AT:
        os.kill(os.getpid(), signal.SIGKILL)


def _count(name: str) -> int:
    """Which pass this is: of this process, or of all processes that share a folder."""
    if not LEFT:
        _hits[name] += 1
        return _hits[name]
    number = 1
    while not _is_first(Path(LEFT) / f"{name}.{number}"):
        number += 1
    return number


def _is_first(place: Path) -> bool:
    try:
        place.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
