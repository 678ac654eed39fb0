"""Error pages for refusals and outages: what happened, what was kept, what to do next."""

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
"""URL prefixes for programs: an outage is a problem+json response there, not a page."""
GetResponse = Callable[[HttpRequest], HttpResponseBase]


class ErrorPages:
    """Middleware: a refusal raised by a view becomes a page with its code; an unavailable database becomes 503."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        except DATABASE_UNAVAILABLE as error:
            return unavailable(request, error)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        """Django calls this with the exception that a view raised."""
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
    context = {"code": refusal.code, "message": refusal.message, "hint": refusal.hint}
    return render(request, "ui/refused.html", {"refusal": context}, status=status)


def unavailable(request: HttpRequest, problem: DatabaseError | psycopg.Error | Exception) -> HttpResponse:
    """503 while the database is unavailable. The page reads nothing from it."""
    logger.warning("answered 503: %s", type(problem).__name__)
    if request.path.startswith(JSON_PATHS):
        headers = {"Retry-After": "5", "Cache-Control": "no-store"}
        return JsonResponse(DATABASE_PROBLEM.to_json(), status=503, headers=headers, content_type=PROBLEM_JSON)
    return render_alone("ui/unavailable.html", 503)


def render_alone(template: str, status: int) -> HttpResponse:
    """Render a page that needs no request, person or database."""
    from django.template.loader import render_to_string

    response = HttpResponse(render_to_string(template), status=status)
    response["Retry-After"] = "5"
    return response
