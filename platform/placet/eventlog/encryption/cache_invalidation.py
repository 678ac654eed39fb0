"""What this process has opened and keeps in memory: dropped when an erasure passes. A cache registers itself once."""

from typing import Final, Protocol
from weakref import WeakSet

from placet.eventlog.store.event import ERASING


class Keeps(Protocol):
    """A cache. `forget` is called from another thread, and what is asked of it next is read anew."""

    def forget(self) -> None: ...


_CACHES: Final[WeakSet[Keeps]] = WeakSet()


def keeps_opened(cache: Keeps) -> None:
    """From now on this cache is emptied at every erasure, as long as it lives."""
    _CACHES.add(cache)


def pass_by(types: set[str]) -> None:
    """Events of these types have passed: with an erasure among them, every cache is emptied."""
    if types & ERASING:
        for cache in list(_CACHES):
            cache.forget()
