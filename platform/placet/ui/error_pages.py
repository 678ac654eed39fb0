"""Refusals and outages as pages, in plain words: what happened, what was kept, what to do next."""

import logging
from collections.abc import Callable
from typing import Final

import psycopg
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from placet.eventlog.store.connect import DATABASE_UNAVAILABLE
from placet.kernel.problem import DATABASE_PROBLEM, PROBLEM_JSON
from placet.kernel.refusal import Refusal
from placet.media.errors import MediaError, UnreadableMedia

logger = logging.getLogger(__name__)
JSON_PATHS: Final = ("/api/", "/log/")
"""Programs read what lies below these: an outage is problem details there, not a page."""
Answer = Callable[[HttpRequest], HttpResponseBase]


class PlainAnswers:
    """Middleware: a refusal that a view let through becomes a page with its code; a database that is away, a 503."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        except DATABASE_UNAVAILABLE as away:
            return unavailable(request, away)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        """Called by Django with whatever a view raised."""
        if isinstance(problem, DATABASE_UNAVAILABLE):
            return unavailable(request, problem)
        if request.path.startswith("/api/"):
            return None
        if isinstance(problem, Refusal):
            return _refused(request, problem, problem.status)
        if isinstance(problem, MediaError):
            return _refused(request, problem, 422 if isinstance(problem, UnreadableMedia) else 503)
        return None


def _refused(request: HttpRequest, refusal: Refusal | MediaError, status: int) -> HttpResponse:
    shown = {"code": refusal.code, "message": refusal.message, "hint": refusal.hint}
    return render(request, "ui/refused.html", {"refusal": shown}, status=status)


def unavailable(request: HttpRequest, problem: DatabaseError | psycopg.Error | Exception) -> HttpResponse:
    """The database is away: nothing of ours may be read for this page, so it stands alone."""
    logger.warning("answered 503: %s", type(problem).__name__)
    if request.path.startswith(JSON_PATHS):
        headers = {"Retry-After": "5", "Cache-Control": "no-store"}
        return JsonResponse(DATABASE_PROBLEM.to_json(), status=503, headers=headers, content_type=PROBLEM_JSON)
    return render_alone("ui/unavailable.html", 503)


def render_alone(template: str, status: int) -> HttpResponse:
    """A page without a request, a person or a database behind it."""
    from django.template.loader import render_to_string

    answer = HttpResponse(render_to_string(template), status=status)
    answer["Retry-After"] = "5"
    return answer
