"""Things held in memory for a short while after they were read, and swept from it whether anybody asks or not."""

import threading
import time
from typing import Final, Generic, TypeVar

LEASE_SECONDS: Final = 1.0
SWEEP_SECONDS: Final = 0.25

T = TypeVar("T")


class KeyCache(Generic[T]):
    """Entries serve for `LEASE_SECONDS` by the monotonic clock. A thread sweeps as long as there is one to sweep."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[T, float]] = {}
        self._lock = threading.Lock()
        self._sweeper: threading.Thread | None = None

    def get(self, name: str) -> T | None:
        """What is held under a name and still serves."""
        found = self._held.get(name)
        if found is None or time.monotonic() >= found[1]:
            return None
        return found[0]

    def keep(self, name: str, thing: T, since: float) -> None:
        """Hold it until its lease ends; `since`: when it was true, in seconds of the monotonic clock."""
        with self._lock:
            self._held[name] = (thing, since + LEASE_SECONDS)
            if self._sweeper is None or not self._sweeper.is_alive():  # none yet, or lost in a fork
                self._sweeper = threading.Thread(target=self._sweep, name="key-leases", daemon=True)
                self._sweeper.start()

    def drop(self, name: str) -> None:
        """Hold it no longer."""
        with self._lock:
            self._held.pop(name, None)

    def clear(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._held.clear()

    def _sweep(self) -> None:
        while True:
            time.sleep(SWEEP_SECONDS)
            with self._lock:
                now = time.monotonic()
                self._held = {name: kept for name, kept in self._held.items() if now < kept[1]}
                if not self._held:
                    self._sweeper = None
                    return
