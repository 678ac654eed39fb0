"""Events about the log itself."""

from placet.eventlog.store.event import event


@event("log.restored.v1", stream="log")
class LogRestored:
    """The log was restored from a backup. First event of a new origin; it records what was lost.

    Events that had no position at the backup have one after it.
    """

    old_origin: str
    old_size: int
    """Positions under the last signed head of the old log; 0 if none is known."""
    old_root: str
    """Root of that head in hex; empty without one."""
    restored_size: int
    """Positions that are unchanged."""
    lost: int | None
    """Positions of the old log that are lost. None: neither a signed head nor the old database was available."""
