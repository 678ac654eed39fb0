"""What each process of a bench costs: CPU seconds from one moment to another, by part."""

from collections.abc import Iterator, Mapping

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
        return {name: sum(_seconds(p) for p in _family(pid, own - {pid})) for name, pid in self._parts.items()}


def _family(pid: int, without: set[int]) -> Iterator[psutil.Process]:
    process = psutil.Process(pid)
    yield process
    for child in process.children():
        if child.pid not in without:
            yield from _family(child.pid, without)


def _seconds(process: psutil.Process) -> float:
    """With what its ended children took: a server's short-lived connections are among them."""
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)
