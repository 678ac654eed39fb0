"""The table of verbs for the API and the command line: what is not allowed is a refusal with a code."""

from uuid import UUID

from placet.kernel.refusal import Refusal
from placet.people.models import Account
from placet.people.permissions import NO_RESOURCE, Actor, ResourceContext, can
from placet.people.queries import Person


class NotPermitted(Refusal):
    code = "not_permitted"
    hint = "Act as its owner, or as a person with the role for it."
    status = 403


def require_permission(actor: Actor, verb: str, resource: ResourceContext = NO_RESOURCE) -> None:
    """Raises `NotPermitted`."""
    if not can(actor, verb, resource):
        raise NotPermitted(f"You may not do this here: {verb}.")


def transient_account(person: Person) -> Account:
    """An account built from the log. It is never saved."""
    return Account(person=UUID(person.person), roles=list(person.roles))
