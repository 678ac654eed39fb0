"""Event types of the tests alone: a room called `ledger`."""

from typing import Annotated

from placet.eventlog.store.event import For, PersonId, Sealed, event


@event("ledger.entry_noted.v1", stream="account")
class EntryNoted:
    text: str


@event("ledger.name_noted.v1", stream="account")
class NameNoted:
    person: PersonId
    name: Annotated[Sealed, For("person")]


@event("ledger.leave_given.v1", stream="leave", guarded=True)
class LeaveGiven:
    who: str


@event("ledger.leave_ended.v1", stream="leave", guarded=True)
class LeaveEnded:
    who: str
