"""Email addresses: encrypted in the log, decrypted only at the moment of sending."""

from placet.eventlog.store.event import Erased, stream_name
from placet.eventlog.store.log import current_log
from placet.people.events import PersonJoined


def address_of(person: str) -> str | None:
    """A person's email address; None when they gave none or were erased."""
    for fact in current_log().read(stream_name(PersonJoined, person)).facts[:1]:
        if isinstance(fact, PersonJoined) and not isinstance(fact.email, Erased):
            return fact.email or None
    return None
