"""Failpoints: named steps at which a test makes a process die as if by `kill -9`. In production: one comparison each.

`PLACET_FAILPOINTS=relay.sent:1,relay.sent:2` kills the first and the second process that reaches this step.
`PLACET_FAILPOINT_STATE` names a folder that counts hits across restarts, so a restarted process continues.
"""

import os
import signal
from collections import Counter
from pathlib import Path
from typing import Final

SELECTED: Final = frozenset(filter(None, os.environ.get("PLACET_FAILPOINTS", "").split(",")))
STATE_FOLDER: Final = os.environ.get("PLACET_FAILPOINT_STATE", "")
_NAMES: Final = {point.partition(":")[0] for point in SELECTED}
_hits: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Die here if this hit is in `PLACET_FAILPOINTS`."""
    if name in _NAMES and f"{name}:{_count(name)}" in SELECTED:
        os.kill(os.getpid(), signal.SIGKILL)


def _count(name: str) -> int:
    """Number of this hit: in this process, or across all processes that share the folder."""
    if not STATE_FOLDER:
        _hits[name] += 1
        return _hits[name]
    number = 1
    while not _is_first(Path(STATE_FOLDER) / f"{name}.{number}"):
        number += 1
    return number


def _is_first(path: Path) -> bool:
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
