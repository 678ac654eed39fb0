"""Live updates: who may receive them, in which order, and that reconnecting misses nothing."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client

from placet.people.sign_in import link_for
from placet.web.sse.app import Live
from tests.support.cast import ANA, BEN, CLEO, EVE
from tests.support.fake_worker import FakeWorker
from tests.support.visitor import Visit, drafted

BOUND_SECONDS = 120.0
Happen = Callable[[], object]
Headers = Mapping[str, str]
NONE: Headers = {}


def cookie(person: str | None) -> bytes:
    client = Client()
    if person:
        client.post(link_for(person).removeprefix(settings.PLACET_ORIGIN))
    return b"; ".join(f"{name}={morsel.value}".encode() for name, morsel in client.cookies.items())


def watch(path: str, who: str | None, happen: Happen = lambda: None, *, until: int = 0, headers: Headers = NONE) -> Any:
    """(status, messages) of one visit; `happen` runs in a thread once it has begun, until so many messages came."""
    return asyncio.run(_watch(path, cookie(who), happen, until, headers))


async def _watch(path: str, cookies: bytes, happen: Happen, until: int, headers: Headers) -> Any:
    address, _, query = path.partition("?")
    sent: list[tuple[bytes, bytes]] = [(b"cookie", cookies), *((k.encode(), v.encode()) for k, v in headers.items())]
    scope = {"type": "http", "method": "GET", "path": address, "query_string": query.encode(), "headers": sent}
    got: list[dict[str, Any]] = []
    begun, over = asyncio.Event(), asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        got.append(message)
        if message.get("more_body"):
            begun.set()
        is_last = message["type"] == "http.response.body" and not message.get("more_body")
        if len(steps(got)) >= until > 0 or is_last:
            over.set()
            begun.set()

    async def receive() -> dict[str, Any]:
        await over.wait()
        return {"type": "http.disconnect"}

    visit = asyncio.create_task(Live()(scope, receive, send))
    await asyncio.wait_for(begun.wait(), BOUND_SECONDS)
    if until:
        await asyncio.to_thread(_alone, happen)
        await asyncio.wait_for(over.wait(), BOUND_SECONDS)
    over.set()
    await asyncio.wait_for(visit, BOUND_SECONDS)
    return got[0]["status"], steps(got)


def _alone(happen: Happen) -> None:
    happen()
    connections.close_all()


def steps(got: list[dict[str, Any]]) -> list[dict[str, Any]]:
    frames = b"".join(message.get("body", b"") for message in got[1:]).decode().split("\n\n")
    messages = [dict(line.split(": ", 1) for line in frame.splitlines()) for frame in frames if "event: step" in frame]
    return [{**json.loads(one["data"]), "id": int(one["id"])} for one in messages]


def test_the_requester_receives_every_event_in_log_order(worker: FakeWorker) -> None:
    generation = worker.scenario.request(BEN)
    status, received = watch(f"/live/generations/{generation}?after=0", BEN)
    assert status == 200
    assert [step["id"] for step in received] == sorted(step["id"] for step in received)
    assert received[0]["type"] == "studio.generation_requested.v1"
    assert "studio.generation_approved.v1" in {step["type"] for step in received}


def test_events_during_the_visit_are_sent(worker: FakeWorker) -> None:
    generation = worker.scenario.request(BEN)
    _, received = watch(f"/live/generations/{generation}", BEN, lambda: worker.scenario.render(generation), until=2)
    assert {step["type"] for step in received} >= {"studio.generation_started.v1", "studio.generation_rendered.v1"}


def test_reconnecting_misses_nothing_and_repeats_nothing(worker: FakeWorker) -> None:
    generation = worker.scenario.request(BEN)
    _, received = watch(f"/live/generations/{generation}?after=0", BEN)
    _, rest = watch(f"/live/generations/{generation}?after=0", BEN, headers={"last-event-id": str(received[2]["id"])})
    assert received[3:] == rest


def test_notices_are_only_of_the_person_signed_in(worker: FakeWorker) -> None:
    drafted(worker, ANA)
    _, received = watch("/live/notices?after=0", ANA)
    assert [step["version"] for step in received] == [1, 2]
    assert watch("/live/notices?after=0", BEN)[1] == []


@pytest.mark.parametrize(("who", "status"), [(None, 401), (EVE, 403), (ANA, 403), (CLEO, 200), (BEN, 200)])
def test_who_may_watch_a_generation(worker: FakeWorker, who: str | None, status: int) -> None:
    generation = worker.scenario.request(BEN, "a red ball bounces", ANA)
    assert watch(f"/live/generations/{generation}", who)[0] == status


def test_another_origin_is_refused(visit: Visit) -> None:
    assert watch("/live/notices", BEN, headers={"origin": "https://elsewhere.example"})[0] == 403
    assert watch("/live/notices", BEN, headers={"origin": settings.PLACET_ORIGIN})[0] == 200


def test_an_unknown_address_is_not_found(worker: FakeWorker) -> None:
    assert watch("/live/generations/6f9d1c1e-6d0b-5b0a-9c0e-3a5b8f0f7a11", BEN)[0] == 404
    assert watch("/elsewhere", BEN)[0] == 404
