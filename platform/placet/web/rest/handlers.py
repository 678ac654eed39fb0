"""Django's own error handlers: problem details below `/api/`, a page elsewhere."""

from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from placet.kernel.problem import INTERNAL_ERROR, NOT_FOUND, NOT_PERMITTED, PROBLEM_JSON, Problem

API: Final = "/api/"
MALFORMED: Final = Problem(400, "malformed", "Malformed request.", "Send fewer and smaller fields.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _response(MALFORMED) if request.path.startswith(API) else defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _response(NOT_PERMITTED) if request.path.startswith(API) else defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _response(NOT_FOUND) if request.path.startswith(API) else defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    return _response(INTERNAL_ERROR) if request.path.startswith(API) else defaults.server_error(request)


def _response(problem: Problem) -> HttpResponse:
    return JsonResponse(problem.to_json(), status=problem.status, content_type=PROBLEM_JSON)
