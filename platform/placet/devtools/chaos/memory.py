"""How much memory the processes of an install use, and whether it grows."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from placet.devtools.chaos.cluster import POSTGRES, SUPERVISOR
from placet.runtime.supervisor.state import SupervisorState

WARM: Final = 1 / 6
"""Share of a run after which caches and arenas are filled."""
WINDOW: Final = 1 / 10
"""Share of a run whose smallest sample counts, once after the warm-up and once at the end."""

ANONYMOUS: Final = re.compile(r"^Anonymous: +(\d+) kB$", re.MULTILINE)

Look = Mapping[str, int]
"""Anonymous bytes of each role, its children's included."""


def sample(state: SupervisorState) -> Look:
    """One sample of every process of the tree.

    PostgreSQL's buffers and the code of libraries are not counted: a page of them that only one process has touched is
    private to it, but it is not memory of its own and grows with the size of the database.
    """
    used = {role: _of_tree(psutil.Process(pid)) for role, pid in state.children.items()}
    used[SUPERVISOR] = _of(psutil.Process(state.pid))
    used[POSTGRES] = sum(_of_tree(p) for p in psutil.Process(state.pid).children() if p.name() == "postgres")
    return used


def growth(samples: Sequence[Look]) -> dict[str, float]:
    """By how much each role, and `all` of them, use more at the end than after the warm-up: 0.02 is two percent."""
    roles = at_rest(samples)
    roles["all"] = (sum(e for e, _ in roles.values()), sum(last for _, last in roles.values()))
    return {role: round(last / first - 1, 4) for role, (first, last) in roles.items() if first}


def at_rest(samples: Sequence[Look]) -> dict[str, tuple[int, int]]:
    """Bytes of each role after the warm-up and at the end, each the smallest of several samples.

    A sample taken during work, such as rendering a clip, includes what the work uses. A leak is what remains.
    """
    part = max(1, round(len(samples) * WINDOW))
    warm = round(len(samples) * WARM)
    early, late = samples[warm : warm + part], samples[-part:]
    return {role: (_least(early, role), _least(late, role)) for role in samples[-1]}


def _least(samples: Sequence[Look], role: str) -> int:
    return min(one.get(role, 0) for one in samples)


def _of_tree(process: psutil.Process) -> int:
    return sum(_of(one) for one in (process, *process.children(recursive=True)))


def _of(process: psutil.Process) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        if found := ANONYMOUS.search(Path(f"/proc/{process.pid}/smaps_rollup").read_text()):
            return int(found[1]) * 1024
    return 0
