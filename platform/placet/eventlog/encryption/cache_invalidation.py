"""Cache invalidation: every cache of decrypted text in this process registers itself; an erasure clears them all."""

from typing import Final, Protocol
from weakref import WeakSet

from placet.eventlog.store.event import CLEARING_CACHES


class Clearable(Protocol):
    """A cache. `clear` is called from another thread; later reads load again."""

    def clear(self) -> None: ...


_CACHES: Final[WeakSet[Clearable]] = WeakSet()


def register_cache(cache: Clearable) -> None:
    """Clear this cache at every erasure, as long as it exists."""
    _CACHES.add(cache)


def on_events(types: set[str]) -> None:
    """Clear every cache if an erasure is among these event types."""
    if types & CLEARING_CACHES:
        for cache in list(_CACHES):
            cache.clear()
