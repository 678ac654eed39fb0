"""The event that benchmarks write: about 300 bytes, nothing encrypted."""

from placet.eventlog.store.event import event


@event("bench.entry_noted.v1", stream="bench")
class EntryNoted:
    text: str


TEXT = "x" * 280
