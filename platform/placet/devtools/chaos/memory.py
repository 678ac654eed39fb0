"""How much memory the processes of an install hold, and whether it grows."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from placet.devtools.chaos.cluster import POSTGRES, SUPERVISOR
from placet.runtime.supervisor.state import SupervisorState

WARM: Final = 1 / 6
"""Part of a run after which caches and arenas are filled."""
LOOKED_AT: Final = 1 / 10
"""Part of a run whose least look counts, once after the warm-up and once at the end."""

ANONYMOUS: Final = re.compile(r"^Anonymous: +(\d+) kB$", re.MULTILINE)

Look = Mapping[str, int]
"""Bytes that each role has written and nobody else holds, its children's included."""


def look(state: SupervisorState) -> Look:
    """One look at every process of the tree.

    PostgreSQL's buffers and the code of libraries are not counted, though a page of them that one process alone has
    touched is private to it: that is no memory of its own, and grows with the size of the database.
    """
    held = {role: _of_tree(psutil.Process(pid)) for role, pid in state.children.items()}
    held[SUPERVISOR] = _of(psutil.Process(state.pid))
    held[POSTGRES] = sum(_of_tree(p) for p in psutil.Process(state.pid).children() if p.name() == "postgres")
    return held


def growth(looks: Sequence[Look]) -> dict[str, float]:
    """By how much each role, and `all` of them, hold more at the end than after the warm-up: 0.02 is two percent."""
    roles = at_rest(looks)
    roles["all"] = (sum(e for e, _ in roles.values()), sum(last for _, last in roles.values()))
    return {role: round(last / first - 1, 4) for role, (first, last) in roles.items() if first}


def at_rest(looks: Sequence[Look]) -> dict[str, tuple[int, int]]:
    """Bytes of each role after the warm-up and at the end, each the least of some looks.

    A look that falls into work, such as a clip that is being drawn, counts what the work holds. A leak is what stays.
    """
    part = max(1, round(len(looks) * LOOKED_AT))
    warm = round(len(looks) * WARM)
    early, late = looks[warm : warm + part], looks[-part:]
    return {role: (_least(early, role), _least(late, role)) for role in looks[-1]}


def _least(looks: Sequence[Look], role: str) -> int:
    return min(one.get(role, 0) for one in looks)


def _of_tree(process: psutil.Process) -> int:
    return sum(_of(one) for one in (process, *process.children(recursive=True)))


def _of(process: psutil.Process) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        if found := ANONYMOUS.search(Path(f"/proc/{process.pid}/smaps_rollup").read_text()):
            return int(found[1]) * 1024
    return 0
