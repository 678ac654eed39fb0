"""Live updates as server-sent events: an ASGI application of its own, next to the WSGI pages.

The page's session cookie signs in here too (same host, another port). `id:` is a position of the log, so that a browser
that reconnects with `Last-Event-ID` misses nothing.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any, Final
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.auth import get_user
from django.db import Error as DatabaseProblem
from django.db import connections
from django.http import Http404, HttpRequest

from placet.kernel.problem import DATABASE_PROBLEM, NOT_FOUND, NOT_PERMITTED, NOT_SIGNED_IN, PROBLEM_JSON, Problem
from placet.people.models import Account
from placet.people.permissions import can
from placet.studio.page import generation_context
from placet.web.sse.hub import DatabaseUnavailable, Hub, ServerEvent, Subscriber

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
GENERATION: Final = re.compile(r"/live/generations/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?")
KEEP_ALIVE_SECONDS: Final = 15.0
RETRY_HINT: Final = b"retry: 2000\n\n"


class Live:
    """`/live/generations/<id>` for its requester and reviewers, `/live/notices` for the signed-in person."""

    def __init__(self) -> None:
        self.hub = Hub()
        self._threads = ThreadPoolExecutor(2, "sign-in")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if headers.get("origin", settings.PLACET_ORIGIN) != settings.PLACET_ORIGIN or scope["method"] != "GET":
            await _respond(send, NOT_PERMITTED)
            return
        loop = asyncio.get_running_loop()
        topic = await loop.run_in_executor(self._threads, topic_of, scope["path"], headers.get("cookie", ""))
        if isinstance(topic, Problem):
            await _respond(send, topic)
            return
        try:
            await self._stream(topic, _after(scope, headers), receive, send)
        except (DatabaseUnavailable, TimeoutError):
            await _respond(send, DATABASE_PROBLEM)

    async def _stream(self, topic: str, after: int | None, receive: Receive, send: Send) -> None:
        """Raises before the first byte, or never."""
        async with self.hub.subscription(topic) as subscriber:
            missed = await self.hub.missed(topic, after) if after is not None else []
            await _begin(send, missed)
            sending = asyncio.create_task(_send_events(subscriber, missed[-1].position or 0 if missed else 0, send))
            leaving = asyncio.create_task(_left(receive))
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            for task in (sending, leaving):
                task.cancel()
        if not leaving.done():
            await send({"type": "http.response.body", "body": b""})


def topic_of(path: str, cookie: str) -> str | Problem:
    """The topic of an address, or the problem that forbids it."""
    try:
        user = _signed_in(cookie)
        if user is None:
            return NOT_SIGNED_IN
        if path.rstrip("/") == "/live/notices":
            return f"use-{user.person}" if can(user, "notices.view") else NOT_PERMITTED
        if not (found := GENERATION.fullmatch(path)):
            return NOT_FOUND
        return f"generation-{found[1]}" if can(user, "generation.view", generation_context(found[1])) else NOT_PERMITTED
    except Http404:
        return NOT_FOUND
    except DatabaseProblem:
        return DATABASE_PROBLEM
    finally:
        connections.close_all()  # one query per visit: no connection is kept for it


def _signed_in(cookie: str) -> Account | None:
    try:
        morsel = SimpleCookie(cookie).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(morsel.value if morsel else None)
    user = get_user(request)
    return user if isinstance(user, Account) else None


def _after(scope: Scope, headers: dict[str, str]) -> int | None:
    after = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("after", [""])[0]
    position = headers.get("last-event-id", after)
    return int(position) if position.isdecimal() and len(position) < 19 else None


async def _send_events(subscriber: Subscriber, reached: int, send: Send) -> None:
    while True:
        try:
            event = await asyncio.wait_for(subscriber.get(), KEEP_ALIVE_SECONDS)
        except TimeoutError:
            await _send_body(send, b": still here\n\n")
            continue
        if event is None:
            return
        if event.position is None or event.position > reached:
            await _send_body(send, _frame(event))


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _frame(event: ServerEvent) -> bytes:
    event_id = f"id: {event.position}\n" if event.position is not None else ""
    return f"{event_id}event: {event.kind}\ndata: {json.dumps(event.data)}\n\n".encode()


async def _begin(send: Send, missed: Sequence[ServerEvent]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _headers(b"text/event-stream")})
    await _send_body(send, RETRY_HINT + b"".join(_frame(event) for event in missed))


async def _send_body(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _respond(send: Send, problem: Problem) -> None:
    headers = _headers(PROBLEM_JSON.encode())
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(problem.to_json()).encode()})


def _headers(kind: bytes) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-type", kind),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"x-content-type-options", b"nosniff"),
        (b"access-control-allow-origin", settings.PLACET_ORIGIN.encode()),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]
