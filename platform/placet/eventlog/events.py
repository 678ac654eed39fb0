"""What happens to the log itself."""

from placet.eventlog.store.event import event


@event("log.restored.v1", stream="log")
class LogRestored:
    """The log was put back from a backup. It is the first event of a new origin, and says what is no longer there.

    Events that had no position at the backup have one after it.
    """

    old_origin: str
    old_size: int
    """Positions under the last signed head of the old log; 0 where none is known."""
    old_root: str
    """Hex, as that head named it; empty without one."""
    restored_size: int
    """Positions that are as they were."""
    lost: int | None
    """Positions of the old log that are not. None: neither a signed head nor the old database was at hand."""
