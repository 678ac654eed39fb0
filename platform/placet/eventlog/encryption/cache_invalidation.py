"""What this process has opened and keeps in memory: dropped when an erasure passes. A cache registers itself once."""

from typing import Final, Protocol
from weakref import WeakSet

from placet.eventlog.store.event import CLEARING_CACHES


class Clearable(Protocol):
    """A cache. `forget` is called from another thread, and what is asked of it next is read anew."""

    def clear(self) -> None: ...


_CACHES: Final[WeakSet[Clearable]] = WeakSet()


def register_cache(cache: Clearable) -> None:
    """From now on this cache is emptied at every erasure, as long as it lives."""
    _CACHES.add(cache)


def on_events(types: set[str]) -> None:
    """Events of these types have passed: with an erasure among them, every cache is emptied."""
    if types & CLEARING_CACHES:
        for cache in list(_CACHES):
            cache.clear()
