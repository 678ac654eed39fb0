"""Key cache: entries are dropped from memory shortly after they were read, also without further use."""

import threading
import time
from typing import Final, Generic, TypeVar

LEASE_SECONDS: Final = 1.0
SWEEP_SECONDS: Final = 0.25

T = TypeVar("T")


class KeyCache(Generic[T]):
    """Entries are valid for `LEASE_SECONDS` of the monotonic clock. A thread sweeps while there are any."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[T, float]] = {}
        self._lock = threading.Lock()
        self._sweeper: threading.Thread | None = None

    def get(self, name: str) -> T | None:
        """The valid entry under a name, or None."""
        found = self._entries.get(name)
        if found is None or time.monotonic() >= found[1]:
            return None
        return found[0]

    def keep(self, name: str, value: T, since: float) -> None:
        """Store an entry until its lease ends. `since`: when it was read, in seconds of the monotonic clock."""
        with self._lock:
            self._entries[name] = (value, since + LEASE_SECONDS)
            if self._sweeper is None or not self._sweeper.is_alive():  # none yet, or lost in a fork
                self._sweeper = threading.Thread(target=self._sweep, name="key-leases", daemon=True)
                self._sweeper.start()

    def drop(self, name: str) -> None:
        """Remove an entry."""
        with self._lock:
            self._entries.pop(name, None)

    def clear(self) -> None:
        """Remove all entries."""
        with self._lock:
            self._entries.clear()

    def _sweep(self) -> None:
        while True:
            time.sleep(SWEEP_SECONDS)
            with self._lock:
                now = time.monotonic()
                self._entries = {name: entry for name, entry in self._entries.items() if now < entry[1]}
                if not self._entries:
                    self._sweeper = None
                    return
