"""The pages as each of the cast meets them, over a fresh database; the flow moves when the story says so."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from placet.kernel.ids import GenerationId, PersonId
from placet.people.models import Account
from placet.rights.consumers import IN_FORCE
from placet.text.embedder import set_embedder
from placet.text.embeddings import RecordedEmbedder
from tests.support.cast import ANA, BEN
from tests.support.fake_worker import FakeWorker
from tests.support.flow_driver import FlowDriver
from tests.support.scenario import ROLES, Scenario, new_id

BACKEND = "django.contrib.auth.backends.ModelBackend"


class Visitor:
    """One person's browser, without script: pages as text."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, path: str, status: int = 200, *, by_htmx: bool = False) -> str:
        answer = self.client.get(path, headers={"HX-Request": "true"} if by_htmx else {})
        assert answer.status_code == status, (path, answer.status_code)
        return str(answer.content.decode()) if not answer.streaming else ""

    def post(self, path: str, status: int = 302, **fields: Any) -> str:
        """Where it leads to, or the page that says why not."""
        answer = self.client.post(path, {"command": new_id(), **fields})
        assert answer.status_code == status, (path, answer.status_code, answer.content.decode()[:3000])
        return str(answer["Location"]) if status == 302 else str(answer.content.decode())


Visit = Callable[[PersonId | None], Visitor]


@pytest.fixture
def stage(fresh_database: str) -> Iterator[FakeWorker]:
    """The cast has joined; the story itself plays the worker, the eyes and the signer."""
    set_embedder(RecordedEmbedder())
    IN_FORCE.clear()
    play = FakeWorker(Scenario(FlowDriver()))
    play.scenario.begin()
    yield play
    play.scenario.driver.connection.close()


@pytest.fixture
def visit(stage: FakeWorker) -> Visit:
    """`visit(BEN).get("/drafts/")`; None is a stranger."""

    def visitor(person: PersonId | None) -> Visitor:
        client = Client()
        if person:
            client.force_login(Account(person=UUID(person), roles=list(ROLES[person]), password="!"), BACKEND)
        return Visitor(client)

    return visitor


def drafted(
    stage: FakeWorker, *cameos: PersonId, by: PersonId = BEN, prompt: str = "a red ball bounces"
) -> GenerationId:
    """A draft with bytes. Ana lets Ben ask for her."""
    from placet.likeness.commands import allow

    if ANA in cameos:
        allow(stage.scenario.log, ANA, by, new_id())
        stage.scenario.driver.run()
    generation = stage.scenario.ask(by, prompt, *cameos)
    stage.tick()
    stage.scenario.driver.run()
    return generation


def published(
    stage: FakeWorker, *cameos: PersonId, by: PersonId = BEN, prompt: str = "a red ball bounces"
) -> GenerationId:
    """A clip in the feed."""
    generation = drafted(stage, *cameos, by=by, prompt=prompt)
    assert stage.scenario.publish(generation, by) == "published"
    return generation
