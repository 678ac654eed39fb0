"""In-memory index of the opt-outs in force, brought up to the head of the log before every match."""

import threading
from datetime import datetime

from placet.eventlog.consumers.delivery import Delivery
from placet.eventlog.store.event import stream_name
from placet.rights import events as e
from placet.rights.aggregate import OPT_OUTS
from placet.rights.matching.matcher import OptOutEntry, OptOutIndex
from placet.text.embedder import embedder


class OptOutsInForce:
    """One per process. `up_to_date` returns the index and its version of `opt-out-registry`."""

    def __init__(self) -> None:
        self._index: OptOutIndex | None = None
        self._version = 0
        self._lock = threading.Lock()

    def up_to_date(self, delivery: Delivery) -> tuple[OptOutIndex, int]:
        """Read the head from PostgreSQL and apply the events up to it. Raises when the database is unavailable."""
        with self._lock:
            head = delivery.heads([OPT_OUTS])[OPT_OUTS]
            if self._index is None or head < self._version:
                self.clear()  # a log restored to an earlier state: start again
            index = self._index = self._index or OptOutIndex(embedder())
            if head > self._version:
                self._catch_up(index, delivery)
            return index, self._version

    def clear(self) -> None:
        """Read everything again at the next match."""
        self._index, self._version = None, 0

    def _catch_up(self, index: OptOutIndex, delivery: Delivery) -> None:
        for event in delivery.read_after(OPT_OUTS, self._version):
            match event.fact:
                case e.OptOutActivated(filing=filing):
                    index.add(entry(delivery.read(stream_name(e.OptOutFiled, filing)).facts[0]))
                case e.OptOutEnded(filing=filing):
                    index.end(filing)
            self._version = event.version


def entry(filed: e.OptOutFiled) -> OptOutEntry:
    """The index entry of a filing."""
    return OptOutEntry(
        filed.filing,
        filed.names,
        filed.description or None,
        frozenset(filed.acts),  # type: ignore[arg-type]  # checked when it was filed
        frozenset(filed.regions),
        datetime.fromisoformat(filed.until) if filed.until else None,
    )
