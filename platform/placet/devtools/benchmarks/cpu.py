"""What each process of a bench costs: CPU seconds from one moment to another, by part."""

from collections.abc import Mapping

import psutil


class CpuMeter:
    """`parts`: name -> process; its descendants count with it, but for those that are parts of their own."""

    def __init__(self, parts: Mapping[str, int]) -> None:
        self._parts = dict(parts)
        self._begun = self._spent()

    def milliseconds_each(self, count: int) -> dict[str, float]:
        """CPU milliseconds of each part for each of `count` things done since."""
        now = self._spent()
        return {name: round(1000 * (now[name] - self._begun[name]) / max(1, count), 2) for name in self._parts}

    def _spent(self) -> dict[str, float]:
        own = set(self._parts.values())
        return {name: _spent_by(psutil.Process(pid), own - {pid}) for name, pid in self._parts.items()}


def _spent_by(process: psutil.Process, without: set[int]) -> float:
    """Seconds of it and its descendants. What ends meanwhile is counted by its parent."""
    try:
        times, children = process.cpu_times(), process.children()
    except psutil.NoSuchProcess:
        return 0.0
    own = float(times.user + times.system + times.children_user + times.children_system)
    return own + sum(_spent_by(child, without) for child in children if child.pid not in without)
