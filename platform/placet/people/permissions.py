"""Permissions: one table of verbs. A verb that is not in it, and a person without any role, are denied.

A rule sees the actor and a `ResourceContext`: the owner, the people depicted, and those who must not decide. Rules need
no tables of a room.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from placet.kernel.ids import PersonId
from placet.people.models import Account

Actor = Account | AnonymousUser
View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class ResourceContext:
    """What a rule needs to know about a resource."""

    owner: str = ""
    depicted: frozenset[str] = frozenset()
    """People whose likeness is in it."""
    excluded_persons: frozenset[str] = frozenset()
    """People who must not decide it."""


NO_RESOURCE: Final = ResourceContext()
Rule = Callable[[Account, ResourceContext], bool]


def _holds(*roles: str) -> Rule:
    return lambda actor, _resource: any(actor.has_role(role) for role in roles)


def _is_member(actor: Account, _resource: ResourceContext) -> bool:
    return bool(actor.roles)


def _owns(actor: Account, resource: ResourceContext) -> bool:
    return str(actor.person) == resource.owner


def _is_depicted(actor: Account, resource: ResourceContext) -> bool:
    return str(actor.person) in resource.depicted


def _is_not_excluded(actor: Account, resource: ResourceContext) -> bool:
    return str(actor.person) not in resource.excluded_persons


def _any(*rules: Rule) -> Rule:
    return lambda actor, resource: any(rule(actor, resource) for rule in rules)


def _all(*rules: Rule) -> Rule:
    return lambda actor, resource: all(rule(actor, resource) for rule in rules)


PUBLIC: Final = frozenset(
    {"feed.view", "clip.view", "sign_in", "sign_out", "invite.accept", "promises.view", "health.view", "log.view"}
)
"""Verbs that need no sign-in."""

RULES: Final[dict[str, Rule]] = {
    "clip.download": _is_member,
    "clip.report": _is_member,
    "clip.remove": _is_depicted,
    "generation.create": _holds("creator"),
    "generation.list": _holds("creator"),
    "generation.view": _any(_owns, _holds("reviewer")),
    "generation.publish": _owns,
    "generation.cancel": _owns,
    "generation.appeal": _owns,
    "draft.view": _any(_owns, _holds("reviewer")),
    "timeline.view": _any(_owns, _is_depicted, _holds("reviewer", "operator")),
    "notices.view": _is_member,
    "likeness.manage": _is_member,
    "likeness.search": _holds("creator"),
    "receipt.issue": _is_depicted,
    "opt_out.list": _holds("rights_holder"),
    "opt_out.file": _holds("rights_holder"),
    "opt_out.view": _any(_owns, _holds("reviewer", "operator")),
    "opt_out.end": _any(_owns, _holds("operator")),
    "case.list": _holds("reviewer"),
    "case.view": _holds("reviewer"),
    "case.decide": _all(_holds("reviewer"), _is_not_excluded),
    "operations.view": _holds("operator"),
    "operations.manage": _holds("operator"),
    "account.erase": _is_member,
    "person.erase": _any(_owns, _holds("operator")),
    "invite.issue": _holds("creator", "operator"),
}


def can(actor: Actor, verb: str, resource: ResourceContext = NO_RESOURCE) -> bool:
    """Whether the actor may perform the verb on the resource. Unknown verbs and people without a role are denied."""
    if verb in PUBLIC:
        return True
    rule = RULES.get(verb)
    if rule is None or not isinstance(actor, Account) or not actor.roles:
        return False
    return rule(actor, resource)


def allows(verb: str, of: Callable[[str], ResourceContext] | None = None) -> Callable[[View], View]:
    """Guard a view. `of` loads the resource that the URL names by its UUID, and may raise `Http404`.

    Visitors who are not signed in are redirected to the sign-in page; others get 403.
    """

    def guard(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, **named: Any) -> HttpResponseBase:
            actor: Actor = request.user
            if verb not in PUBLIC and not isinstance(actor, Account):
                return redirect("people:sign-in")
            if isinstance(actor, Account) and verb not in PUBLIC and not actor.roles:
                raise PermissionDenied
            if not can(actor, verb, of(_id_in(named)) if of else NO_RESOURCE):
                raise PermissionDenied
            return view(request, **named)

        guarded.verb = verb  # type: ignore[attr-defined]  # read by the test that visits every URL
        return guarded

    return guard


def open_to_all(verb: str) -> Callable[[View], View]:
    """Mark a view as public. It does not read the session, so its response may be cached."""
    if verb not in PUBLIC:
        raise ValueError(f"{verb} is not public")

    def mark(view: View) -> View:
        view.verb = verb  # type: ignore[attr-defined]  # read by the test that visits every URL
        return view

    return mark


def current_person(request: HttpRequest) -> PersonId:
    """The signed-in person. Raises `PermissionDenied` when nobody is signed in."""
    if not isinstance(request.user, Account):
        raise PermissionDenied
    return PersonId(str(request.user.person))


def _id_in(named: dict[str, Any]) -> str:
    return next(str(value) for value in named.values() if isinstance(value, UUID))
