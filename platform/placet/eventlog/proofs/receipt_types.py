"""Event types that have receipts, and finding such an event by its id.

An index over these types alone makes that fast (migration 0001), at no cost for other types. A new type here needs a
migration that recreates the index.
"""

from typing import Final
from uuid import UUID

from placet.eventlog.store.log import EventLog

RECEIPTED: Final = (
    "likeness.requester_blocked.v1",
    "likeness.requester_unblocked.v1",
    "likeness.consent_revoked.v1",
    "likeness.grant_issued.v1",
    "likeness.grant_revoked.v1",
    "likeness.consent_level_set.v1",
    "likeness.likeness_enrolled.v1",
    "log.restored.v1",
    "moderation.case_decided.v1",
    "moderation.clip_reported.v1",
    "moderation.appeal_filed.v1",
    "rights.filing_held.v1",
    "rights.filing_rejected.v1",
    "rights.opt_out_ended.v1",
    "rights.opt_out_activated.v1",
    "rights.opt_out_filed.v1",
)
LISTED: Final = ", ".join(f"'{name}'" for name in RECEIPTED)
FIND: Final = f"SELECT stream, version FROM eventlog_event WHERE event_id = %s AND type IN ({LISTED})"  # noqa: S608

NEWEST: Final = (
    f"SELECT stream, version FROM eventlog_event WHERE type = %s AND type IN ({LISTED}) ORDER BY id DESC LIMIT 1"  # noqa: S608
)


def newest_of(log: EventLog, type_name: str) -> tuple[str, int] | None:
    """(stream, version) of the newest event of one of these types."""
    row = log.connection.execute(NEWEST, (type_name,)).fetchone()
    return (str(row[0]), int(row[1])) if row else None


def event_row(log: EventLog, event_id: str) -> tuple[str, int] | None:
    """(stream, version) of an event of one of these types."""
    row = log.connection.execute(FIND, (UUID(event_id),)).fetchone()
    return (str(row[0]), int(row[1])) if row else None
