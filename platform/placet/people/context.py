"""Template context: who is signed in."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from placet.people.models import Account
from placet.people.queries import name_of


def signed_in(request: HttpRequest) -> dict[str, Any]:
    """Name and roles of the signed-in person; the name is decrypted only when a page shows it."""
    user = getattr(request, "user", None)
    if not isinstance(user, Account):
        return {}
    return {"my_name": SimpleLazyObject(lambda: name_of(str(user.person))), "my_roles": user.roles}
