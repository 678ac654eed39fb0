"""The pages as each of the cast meets them, over a fresh database; the flow moves when the story says so."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from placet.kernel.ids import GenerationId, PersonId
from placet.people.models import Account
from placet.rights.consumers import IN_FORCE
from placet.text.embedder import hold
from placet.text.embeddings import RecordedEmbedder
from tests.support.cast import ANA, BEN
from tests.support.fake_worker import Play
from tests.support.flow_driver import Pump
from tests.support.scenario import ROLES, Story, new_id

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
def stage(fresh_database: str) -> Iterator[Play]:
    """The cast has joined; the story itself plays the worker, the eyes and the signer."""
    hold(RecordedEmbedder())
    IN_FORCE.forget()
    play = Play(Story(Pump()))
    play.story.begin()
    yield play
    play.story.pump.connection.close()


@pytest.fixture
def visit(stage: Play) -> Visit:
    """`visit(BEN).get("/drafts/")`; None is a stranger."""

    def visitor(person: PersonId | None) -> Visitor:
        client = Client()
        if person:
            client.force_login(Account(person=UUID(person), roles=list(ROLES[person]), password="!"), BACKEND)
        return Visitor(client)

    return visitor


def drafted(stage: Play, *cameos: PersonId, by: PersonId = BEN, prompt: str = "a red ball bounces") -> GenerationId:
    """A draft with bytes. Ana lets Ben ask for her."""
    from placet.likeness.commands import allow

    if ANA in cameos:
        allow(stage.story.log, ANA, by, new_id())
        stage.story.pump.run()
    generation = stage.story.ask(by, prompt, *cameos)
    stage.tick()
    stage.story.pump.run()
    return generation


def published(stage: Play, *cameos: PersonId, by: PersonId = BEN, prompt: str = "a red ball bounces") -> GenerationId:
    """A clip in the feed."""
    generation = drafted(stage, *cameos, by=by, prompt=prompt)
    assert stage.story.publish(generation, by) == "published"
    return generation
