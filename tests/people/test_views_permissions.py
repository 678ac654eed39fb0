"""Every route checks a verb; what is not public is closed to visitors without sign-in and to Eve."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from placet.people.permissions import PUBLIC, RULES, ResourceContext, can
from tests.support.cast import ANA, BEN, CLEO, DARA, EVE
from tests.support.visitor import Visit

SAMPLES = {"uuid": str(uuid.uuid4()), "str": "sample", "int": "1", "path": "a", "slug": "a"}


def routes(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, Any]]:
    """(URL with sample values, view) of every page; the API has tests of its own."""
    for one in resolver.url_patterns:
        pattern = f"{before}{one.pattern}"
        if isinstance(one, URLPattern):
            yield f"/{filled(pattern)}", one.callback
        elif not pattern.startswith("api/"):
            yield from routes(one, pattern)


def filled(pattern: str) -> str:
    for kind, value in SAMPLES.items():
        while f"<{kind}:" in pattern:
            start = pattern.index(f"<{kind}:")
            pattern = pattern[:start] + value + pattern[pattern.index(">", start) + 1 :]
    return pattern


def pages() -> list[tuple[str, Any]]:
    return list(routes(get_resolver()))


def test_every_route_has_a_known_verb() -> None:
    assert len(pages()) > 25
    for address, view in pages():
        assert getattr(view, "verb", None) in PUBLIC | set(RULES), address


@pytest.mark.parametrize("who", [None, EVE], ids=["a stranger", "Eve"])
def test_a_page_that_is_not_public_is_closed(visit: Visit, who: Any) -> None:
    client: Client = visit(who).client
    closed = [(address, view) for address, view in pages() if view.verb not in PUBLIC]
    assert len(closed) > 20
    for address, _view in closed:
        for answer in (client.get(address), client.post(address)):
            if answer.status_code == 405:
                continue
            assert answer.status_code == (403 if who else 302), (address, answer.status_code)
            assert who or answer["Location"] == "/sign-in/"


def test_public_pages_need_no_sign_in(visit: Visit) -> None:
    for address in ("/", "/sign-in/", "/promises/", "/healthz"):
        visit(None).get(address)


def test_an_unknown_verb_is_denied(visit: Visit) -> None:
    from placet.people.models import Account

    assert not can(Account(person=uuid.UUID(CLEO), roles=["reviewer", "operator", "creator"]), "log.edit")


@pytest.mark.parametrize(
    ("who", "roles", "verb", "resource", "may"),
    [
        (BEN, ["creator"], "generation.publish", ResourceContext(owner=BEN), True),
        (ANA, ["creator"], "generation.publish", ResourceContext(owner=BEN, depicted=frozenset({ANA})), False),
        (ANA, ["creator"], "timeline.view", ResourceContext(owner=BEN, depicted=frozenset({ANA})), True),
        (ANA, ["creator"], "draft.view", ResourceContext(owner=BEN, depicted=frozenset({ANA})), False),
        (ANA, ["creator"], "clip.remove", ResourceContext(owner=BEN, depicted=frozenset({ANA})), True),
        (BEN, ["creator"], "clip.remove", ResourceContext(owner=BEN, depicted=frozenset({ANA})), False),
        (CLEO, ["reviewer"], "draft.view", ResourceContext(owner=BEN), True),
        (CLEO, ["reviewer"], "generation.publish", ResourceContext(owner=BEN), False),
        (CLEO, ["reviewer"], "case.decide", ResourceContext(excluded_persons=frozenset({CLEO})), False),
        (DARA, ["rights_holder"], "case.view", ResourceContext(), False),
        (DARA, ["rights_holder"], "opt_out.end", ResourceContext(owner=BEN), False),
        (EVE, [], "generation.view", ResourceContext(owner=EVE), False),
    ],
)
def test_the_table_of_rules(who: str, roles: list[str], verb: str, resource: ResourceContext, may: bool) -> None:  # noqa: FBT001
    from placet.people.models import Account

    assert can(Account(person=uuid.UUID(who), roles=roles), verb, resource) is may
