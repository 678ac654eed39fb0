"""CPU seconds of each process of a benchmark, from one moment to another."""

from collections.abc import Mapping

import psutil


class CpuMeter:
    """`parts`: name -> process; its descendants count with it, except those that are parts themselves."""

    def __init__(self, parts: Mapping[str, int]) -> None:
        self._parts = dict(parts)
        self._begun = self._spent()

    def milliseconds_each(self, count: int) -> dict[str, float]:
        """CPU milliseconds of each part per item, for `count` items done since the start."""
        now = self._spent()
        return {name: round(1000 * (now[name] - self._begun[name]) / max(1, count), 2) for name in self._parts}

    def _spent(self) -> dict[str, float]:
        own = set(self._parts.values())
        return {name: _spent_by(psutil.Process(pid), own - {pid}) for name, pid in self._parts.items()}


def _spent_by(process: psutil.Process, without: set[int]) -> float:
    """Seconds of the process and its descendants. A child that has ended is counted by its parent."""
    try:
        times, children = process.cpu_times(), process.children()
    except psutil.NoSuchProcess:
        return 0.0
    own = float(times.user + times.system + times.children_user + times.children_system)
    return own + sum(_spent_by(child, without) for child in children if child.pid not in without)
