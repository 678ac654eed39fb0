"""The same table of verbs for doors without pages: what is not allowed is a refusal with a code."""

from uuid import UUID

from placet.kernel.refusal import Refusal
from placet.people.models import Account
from placet.people.permissions import NOTHING, Actor, Thing, can
from placet.people.queries import Person


class NotPermitted(Refusal):
    code = "not_permitted"
    advice = "Act as somebody whose it is, or who has the role for it."
    status = 403


def demand(actor: Actor, verb: str, thing: Thing = NOTHING) -> None:
    """Raises `NotPermitted`."""
    if not can(actor, verb, thing):
        raise NotPermitted(f"You may not do this here: {verb}.")


def account_of(person: Person) -> Account:
    """Somebody's account as the log tells it. It is never saved."""
    return Account(person=UUID(person.person), roles=list(person.roles))
