"""Blob garbage collection: removes files that no event has named for an hour.

Such files are left by dead workers (blobs, half-written clips) and by retried signatures.
"""

import re
import time
from collections.abc import Callable
from typing import Any, Final

import psycopg

from placet.media.blobs import BlobStore, StoredFile

HASH: Final = re.compile(rb"[0-9a-f]{64}")
OLDER_THAN_SECONDS: Final = 3600.0
PAGE: Final = 5_000
PENDING: Final = "SELECT e.data FROM eventlog_event_pending p JOIN eventlog_event e USING (id)"
READ: Final = (
    "SELECT p.position, e.data FROM eventlog_event_position p JOIN eventlog_event e USING (id)"
    " WHERE p.position > %s ORDER BY p.position LIMIT %s"
)


class ReferencedHashes:
    """Every hash that any event of any type names. Reads new events only, in short transactions."""

    def __init__(self) -> None:
        self._hashes: set[bytes] = set()
        self._reached = 0

    def __contains__(self, sha256: object) -> bool:
        return (
            isinstance(sha256, str) and HASH.fullmatch(sha256.encode()) is not None and _short(sha256) in self._hashes
        )

    def read_on(self, connection: psycopg.Connection[Any]) -> None:
        """Reads events without a position first: those that get one meanwhile are read again below."""
        for (data,) in connection.execute(PENDING).fetchall():
            self._note(data)
        while rows := connection.execute(READ, (self._reached, PAGE)).fetchall():
            for _, data in rows:
                self._note(data)
            self._reached = rows[-1][0]

    def _note(self, data: bytes) -> None:
        self._hashes.update(_short(found.decode()) for found in HASH.findall(data))


class BlobGarbageCollector:
    """Removes files that stayed unreferenced and unchanged for an hour of a monotonic clock.

    With a wall clock, a jump would make every file old at once, including those that an event is about to name.
    """

    def __init__(self, store: BlobStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._referenced = ReferencedHashes()
        self._since: dict[StoredFile, float] = {}

    def sweep(self, connection: psycopg.Connection[Any]) -> dict[str, int]:
        """Reads the log first: files that are stored and referenced after that are left to a later sweep."""
        self._referenced.read_on(connection)
        now = self._clock()
        self._since = {file: self._since.get(file, now) for file in self._store.unreferenced(self._referenced)}
        old = [file for file, since in self._since.items() if now - since >= OLDER_THAN_SECONDS]
        return {"removed": sum(self._store.remove(file) for file in old)}


def _short(sha256: str) -> bytes:
    """Half of a hash identifies it, in half the memory."""
    return bytes.fromhex(sha256[:32])
