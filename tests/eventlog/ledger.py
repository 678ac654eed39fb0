"""Event types of the tests alone: a room called `ledger`."""

from typing import Annotated

from placet.eventlog.store.event import Encrypted, EncryptedFor, PersonId, event


@event("ledger.entry_noted.v1", stream="account")
class EntryNoted:
    text: str


@event("ledger.name_noted.v1", stream="account")
class NameNoted:
    person: PersonId
    name: Annotated[Encrypted, EncryptedFor("person")]


@event("ledger.leave_given.v1", stream="leave", serialized=True)
class LeaveGiven:
    who: str


@event("ledger.leave_ended.v1", stream="leave", serialized=True)
class LeaveEnded:
    who: str
