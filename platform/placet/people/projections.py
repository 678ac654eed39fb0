"""Accounts from the log."""

from typing import Final

from placet.eventlog.projections.runner import Rows, projection
from placet.eventlog.store.log import RecordedEvent
from placet.people.events import ErasureAsked, PersonJoined
from placet.people.models import Account

ACCOUNTS: Final = projection("people.accounts", version=2, tables=[Account])


@ACCOUNTS.on(PersonJoined)
def join(fact: PersonJoined, event: RecordedEvent, rows: Rows) -> None:
    rows.put(Account(person=fact.person, roles=list(fact.roles), joined_at=event.at, password="!"))  # noqa: S106  none


@ACCOUNTS.on(ErasureAsked)
def forget(fact: ErasureAsked, _event: RecordedEvent, rows: Rows) -> None:
    """Without an account there is no sign-in, no session and no token."""
    rows.drop(Account, str(fact.person))
