"""Named points at which a test lets a process die as if by `kill -9`. In production they cost one comparison.

`PLACET_CRASH_AT=relay.sent:2` kills at the second time that this point is passed. `PLACET_CRASH_LEFT` names a file that
is made first, so that the process that is started again goes on.
"""

import os
import signal
from pathlib import Path
from typing import Final

AT: Final = os.environ.get("PLACET_CRASH_AT", "")
LEFT: Final = os.environ.get("PLACET_CRASH_LEFT", "")
_passed: dict[str, int] = {}


def crash_point(name: str) -> None:
    """Die here, when this is the point and the time that was asked for, and nobody has died yet."""
    if AT:
        _count(name)


def _count(name: str) -> None:
    _passed[name] = _passed.get(name, 0) + 1
    if f"{name}:{_passed[name]}" == AT and _is_first():
        os.kill(os.getpid(), signal.SIGKILL)


def _is_first() -> bool:
    if not LEFT:
        return True
    try:
        Path(LEFT).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
