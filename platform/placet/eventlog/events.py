"""What happens to the log itself."""

from placet.eventlog.event import event


@event("log.restored.v1", stream="log")
class LogRestored:
    """The log was put back from a backup. It is the first event of a new origin, and says what is no longer there.

    None: not known, because neither a signed head nor the old database was at hand.
    """

    old_origin: str
    old_size: int | None
    """Positions that the old log had, as far as anybody has seen."""
    old_root: str
    """Base64, as the last signed head named it; empty without one."""
    restored_size: int
    lost: int | None
