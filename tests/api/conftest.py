"""API clients of the cast over a fresh database. The flow runs only when a test runs it."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.test import Client

from placet.kernel.ids import PersonId
from placet.people.models import Account
from placet.rights.consumers import IN_FORCE
from placet.text.embedder import set_embedder
from placet.text.embeddings import RecordedEmbedder
from tests.support.fake_worker import FakeWorker
from tests.support.flow_driver import FlowDriver
from tests.support.scenario import ROLES, Scenario


class Caller:
    """One person's API client: JSON in, (status, JSON) out."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        url = f"/api/v1/{path}"
        response = self.client.generic(method, url, _bytes(body), "application/json", headers=headers)
        return response.status_code, response.json()

    def get(self, path: str) -> tuple[int, Any]:
        return self("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        return self("POST", path, body, **headers)


def _bytes(body: Any) -> bytes:
    import json

    return body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()


As = Callable[[PersonId | None], Caller]


@pytest.fixture
def worker(fresh_database: str) -> Iterator[FakeWorker]:
    set_embedder(RecordedEmbedder())
    IN_FORCE.clear()
    cache.clear()
    worker = FakeWorker(Scenario(FlowDriver()))
    worker.scenario.begin()
    yield worker
    worker.scenario.driver.connection.close()


@pytest.fixture
def by(worker: FakeWorker) -> As:
    """`by(BEN).post(…)`; None is a client without sign-in."""

    def caller(person: PersonId | None) -> Caller:
        client = Client()
        if person:
            client.force_login(Account(person=UUID(person), roles=list(ROLES[person]), password="!"), BACKEND)
        return Caller(client)

    return caller


BACKEND = "django.contrib.auth.backends.ModelBackend"
