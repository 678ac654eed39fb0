"""Projection of accounts."""

from typing import Final

from placet.eventlog.projections.runner import ProjectionRows, projection
from placet.eventlog.store.log import RecordedEvent
from placet.people.events import ErasureRequested, PersonJoined
from placet.people.models import Account

ACCOUNTS: Final = projection("people.accounts", version=2, tables=[Account])


@ACCOUNTS.on(PersonJoined)
def join(fact: PersonJoined, event: RecordedEvent, rows: ProjectionRows) -> None:
    rows.put(Account(person=fact.person, roles=list(fact.roles), joined_at=event.at, password="!"))  # noqa: S106  none


@ACCOUNTS.on(ErasureRequested)
def erase(fact: ErasureRequested, _event: RecordedEvent, rows: ProjectionRows) -> None:
    """Without the row there is no sign-in, no session and no token."""
    rows.drop(Account, str(fact.person))
