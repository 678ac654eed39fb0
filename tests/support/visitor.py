"""Browsers of the cast over a fresh database. The flow runs only when a test runs it."""

from collections.abc import Callable, Iterator
from typing import Any, Final
from uuid import UUID

import pytest
from django.template.base import Variable, VariableDoesNotExist
from django.test import Client

from placet.kernel.ids import GenerationId, PersonId
from placet.people.models import Account
from tests.support.cast import ANA, BEN
from tests.support.fake_worker import FakeWorker
from tests.support.scenario import ROLES, new_id

BACKEND = "django.contrib.auth.backends.ModelBackend"
OPTIONAL: Final = frozenset({"badge", "is_alone", "my_name", "my_roles", "older", "then", "to"})
"""What a page may leave out; a template asks for it by `if` or gives a default."""


class Visitor:
    """One person's browser, without scripts: pages as text."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, path: str, status: int = 200, *, by_htmx: bool = False) -> str:
        response = self.client.get(path, headers={"HX-Request": "true"} if by_htmx else {})
        assert response.status_code == status, (path, response.status_code)
        return str(response.content.decode()) if not response.streaming else ""

    def post(self, path: str, status: int = 302, **fields: Any) -> str:
        """Returns the redirect target, or the page that says why there is none."""
        response = self.client.post(path, {"command": new_id(), **fields})
        assert response.status_code == status, (path, response.status_code, response.content.decode()[:3000])
        return str(response["Location"]) if status == 302 else str(response.content.decode())


Visit = Callable[[PersonId | None], Visitor]


@pytest.fixture
def no_missing_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Django renders a name that a template asks for and a view does not pass as nothing; here it fails the test."""
    missing: set[str] = set()
    resolve = Variable._resolve_lookup  # type: ignore[attr-defined]  # where Django finds a name or gives up

    def noted(variable: Variable, context: Any) -> Any:
        try:
            return resolve(variable, context)
        except VariableDoesNotExist:
            template = getattr(getattr(context, "render_context", None), "template", None)
            if template and "/django/" not in str(template.origin.name) and str(variable.var) not in OPTIONAL:
                missing.add(f"{context.template.name}: {variable.var}")
            raise

    monkeypatch.setattr(Variable, "_resolve_lookup", noted)
    yield
    assert sorted(missing) == []


@pytest.fixture
def visit(worker: FakeWorker, no_missing_names: None) -> Visit:
    """`visit(BEN).get("/drafts/")`; None is a visitor who is not signed in."""

    def visitor(person: PersonId | None) -> Visitor:
        client = Client()
        if person:
            client.force_login(Account(person=UUID(person), roles=list(ROLES[person]), password="!"), BACKEND)
        return Visitor(client)

    return visitor


def drafted(
    worker: FakeWorker, *cameos: PersonId, by: PersonId = BEN, prompt: str = "a red ball bounces"
) -> GenerationId:
    """A draft with bytes. Ana allows the requester when she is a cameo."""
    from placet.likeness.commands import allow

    if ANA in cameos:
        allow(worker.scenario.log, ANA, by, new_id())
        worker.scenario.driver.run()
    generation = worker.scenario.request(by, prompt, *cameos)
    worker.tick()
    worker.scenario.driver.run()
    return generation


def published(
    worker: FakeWorker, *cameos: PersonId, by: PersonId = BEN, prompt: str = "a red ball bounces"
) -> GenerationId:
    """A clip in the feed."""
    generation = drafted(worker, *cameos, by=by, prompt=prompt)
    assert worker.scenario.publish(generation, by) == "published"
    return generation
