"""Every error of the API as RFC 9457 problem details (`application/problem+json`) with a fitting status."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DatabaseError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from placet.eventlog.projections.freshness import ProjectionLagging
from placet.eventlog.store.codec import NotStorable
from placet.eventlog.store.errors import LogError
from placet.kernel.problem import (
    DATABASE_PROBLEM,
    NOT_FOUND,
    NOT_PERMITTED,
    NOT_SIGNED_IN,
    PROBLEM_JSON,
    RETRY,
    Problem,
)
from placet.kernel.refusal import Refusal
from placet.media.errors import BlobStoreFull, MediaError

Kinds = type[BaseException] | tuple[type[BaseException], ...]
SCHEMA: Final = "See /api/v1/schema."
STANDARD: Final[tuple[tuple[Kinds, Problem], ...]] = (
    (exceptions.NotAuthenticated, NOT_SIGNED_IN),
    (exceptions.AuthenticationFailed,
     Problem(401, "token_invalid", "Invalid or expired token.", "Create a new token: `placet create-token`.")),
    (exceptions.ParseError,
     Problem(400, "malformed", "Malformed request body.", "Send valid JSON in UTF-8, or multipart/form-data.")),
    (RecursionError, Problem(400, "malformed", "The request body is nested too deeply.", "Send plain JSON.")),
    (SuspiciousOperation, Problem(400, "malformed", "Malformed request.", "Send fewer and smaller fields.")),
    (exceptions.MethodNotAllowed, Problem(405, "method_not_allowed", "Method not allowed.", SCHEMA)),
    (exceptions.UnsupportedMediaType,
     Problem(415, "unsupported_media_type", "Unsupported media type.",
             "Send application/json or multipart/form-data.")),
    (exceptions.NotAcceptable,
     Problem(406, "not_acceptable", "Not acceptable: responses are JSON.", "Accept application/json.")),
    ((Http404, exceptions.NotFound), NOT_FOUND),
    ((PermissionDenied, exceptions.PermissionDenied), NOT_PERMITTED),
    (NotStorable, Problem(422, "not_storable", "The text is not valid Unicode.", "Send valid Unicode text.")),
    (LogError, Problem(409, "conflict", "A concurrent write came first; nothing was written.", "Send it again.")),
    (ProjectionLagging, Problem(503, "behind", "The read model is lagging.", RETRY)),
    ((OperationalError, psycopg.OperationalError), DATABASE_PROBLEM),
    (DatabaseError,
     Problem(422, "not_storable", "A value cannot be stored; nothing was written.", "Send ordinary text and numbers.")),
)  # fmt: skip


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:  # noqa: ARG001  the framework's own signature
    """None for an unexpected error: Django logs it, and `web/rest/handlers.py` responds with 500."""
    set_rollback()
    match error:
        case exceptions.ValidationError():
            problem = Problem(400, "invalid", "Validation failed.", "See `fields`.")
            return _response({**problem.to_json(), "fields": error.detail}, 400)
        case exceptions.Throttled():
            seconds = f"{getattr(error, 'wait', None) or 1:.0f}"
            problem = Problem(429, "too_many_requests", "Rate limit exceeded.", f"Wait {seconds} s.")
            return _response(problem.to_json(), 429, {"Retry-After": seconds})
    found = problem_of(error)
    return _response(found.to_json(), found.status, _headers(found.status)) if found else None


def problem_of(error: Exception) -> Problem | None:
    """The problem details of an expected error."""
    match error:
        case Refusal():
            return Problem(error.status, error.code, error.message, error.hint)
        case MediaError():
            return Problem(503 if isinstance(error, BlobStoreFull) else 422, error.code, error.message, error.hint)
    for kinds, problem in STANDARD:
        if isinstance(error, kinds):
            return problem
    if isinstance(error, exceptions.APIException):
        return Problem(error.status_code, error.default_code, str(error.detail), SCHEMA)
    return None


def _headers(status: int) -> Mapping[str, str]:
    return {"WWW-Authenticate": "Bearer"} if status == 401 else {"Retry-After": "1"} if status == 503 else {}


def _response(problem: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(problem, status, headers=headers, content_type=PROBLEM_JSON)
