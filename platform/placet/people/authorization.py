"""The same table of verbs for doors without pages: what is not allowed is a refusal with a code."""

from uuid import UUID

from placet.kernel.refusal import Refusal
from placet.people.models import Account
from placet.people.permissions import NO_RESOURCE, Actor, ResourceContext, can
from placet.people.queries import Person


class NotPermitted(Refusal):
    code = "not_permitted"
    hint = "Act as somebody whose it is, or who has the role for it."
    status = 403


def require_permission(actor: Actor, verb: str, thing: ResourceContext = NO_RESOURCE) -> None:
    """Raises `NotPermitted`."""
    if not can(actor, verb, thing):
        raise NotPermitted(f"You may not do this here: {verb}.")


def transient_account(person: Person) -> Account:
    """Somebody's account as the log tells it. It is never saved."""
    return Account(person=UUID(person.person), roles=list(person.roles))
