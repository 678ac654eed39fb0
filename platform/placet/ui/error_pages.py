"""Refusals and outages as pages, in plain words: what happened, what was kept, what to do next."""

import logging
from collections.abc import Callable

import psycopg
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from placet.eventlog.store.connect import DATABASE_UNAVAILABLE
from placet.kernel.refusal import Refusal
from placet.media.errors import MediaError, UnreadableMedia

logger = logging.getLogger(__name__)
Answer = Callable[[HttpRequest], HttpResponseBase]


class PlainAnswers:
    """Middleware: a refusal that a view let through becomes a page with its code; a database that is away, a 503."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        except DATABASE_UNAVAILABLE as away:
            return unavailable(away)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        """Called by Django with whatever a view raised."""
        if request.path.startswith("/api/"):
            return None
        if isinstance(problem, Refusal):
            return refused(request, problem)
        if isinstance(problem, MediaError):
            status = 422 if isinstance(problem, UnreadableMedia) else 503
            shown = {"code": problem.code, "what": str(problem), "advice": ""}
            return render(request, "ui/refused.html", {"refusal": shown}, status=status)
        if isinstance(problem, DATABASE_UNAVAILABLE):
            return unavailable(problem)
        return None


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A refusal as a page."""
    return render(request, "ui/refused.html", {"refusal": refusal.to_json()}, status=refusal.status)


def unavailable(problem: DatabaseError | psycopg.Error | Exception) -> HttpResponse:
    """The database is away: nothing of ours may be read for this page, so it stands alone."""
    logger.warning("answered 503: %s", type(problem).__name__)
    return render_alone("ui/unavailable.html", 503)


def render_alone(template: str, status: int) -> HttpResponse:
    """A page without a request, a person or a database behind it."""
    from django.template.loader import render_to_string

    answer = HttpResponse(render_to_string(template), status=status)
    answer["Retry-After"] = "5"
    return answer
