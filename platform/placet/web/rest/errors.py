"""Whatever goes wrong in the API is answered as `{code, what, advice}` with a fitting status."""

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
from placet.kernel.refusal import Refusal
from placet.media.errors import BlobStoreFull, MediaError

Words = tuple[int, str, str, str]
Kinds = type[BaseException] | tuple[type[BaseException], ...]
SCHEMA: Final = "See /api/v1/schema."
AGAIN: Final = "Try again in a second."
PLAIN: Final[tuple[tuple[Kinds, Words], ...]] = (
    (exceptions.NotAuthenticated,
     (401, "not_signed_in", "Nobody is signed in.", "Sign in, or send a bearer token: `placet token`.")),
    (exceptions.AuthenticationFailed,
     (401, "token_invalid", "This token is forged or over.", "Make a new one: `placet token`.")),
    (exceptions.ParseError,
     (400, "malformed", "The body cannot be read.", "Send valid JSON in UTF-8, or multipart/form-data.")),
    (RecursionError, (400, "malformed", "The body is nested too deep.", "Send plain JSON.")),
    (SuspiciousOperation, (400, "malformed", "The request cannot be read.", "Send fewer and smaller fields.")),
    (exceptions.MethodNotAllowed, (405, "method_not_allowed", "This address does not take this method.", SCHEMA)),
    (exceptions.UnsupportedMediaType,
     (415, "unsupported_media_type", "This type is not read.", "Send application/json or multipart/form-data.")),
    (exceptions.NotAcceptable, (406, "not_acceptable", "Answers are JSON.", "Accept application/json.")),
    ((Http404, exceptions.NotFound), (404, "not_found", "There is nothing here.", SCHEMA)),
    ((PermissionDenied, exceptions.PermissionDenied),
     (403, "not_permitted", "You may not do this here.", "Send your session's CSRF token, or a bearer token.")),
    (NotStorable, (422, "not_storable", "The text is not valid Unicode.", "Send valid Unicode text.")),
    (LogError, (409, "conflict", "Somebody else was first; nothing was written.", "Send it again.")),
    (ProjectionLagging, (503, "behind", "The read model is behind.", AGAIN)),
    ((OperationalError, psycopg.OperationalError),
     (503, "database_away", "The database does not answer; nothing was written.", AGAIN)),
    (DatabaseError,
     (422, "not_storable", "A value cannot be stored; nothing was written.", "Send ordinary text and numbers.")),
)  # fmt: skip


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:  # noqa: ARG001  the framework's own signature
    """None for what nobody foresaw: that is a fault of ours, and reads 500."""
    set_rollback()
    match error:
        case Refusal():
            return Response(error.to_json(), error.status)
        case MediaError():
            status = 503 if isinstance(error, BlobStoreFull) else 422
            return Response({"code": error.code, "what": str(error), "advice": error.hint}, status)
        case exceptions.ValidationError():
            told = _words("invalid", "A field is not as it should be.", "See `fields`.")
            return Response({**told, "fields": error.detail}, 400)
        case exceptions.Throttled():
            seconds = f"{getattr(error, 'wait', None) or 1:.0f}"
            told = _words("too_many_requests", "This was too often.", f"Wait {seconds} s.")
            return Response(told, 429, headers={"Retry-After": seconds})
    return _plain(error)


def _plain(error: Exception) -> Response | None:
    for kinds, (status, code, what, advice) in PLAIN:
        if isinstance(error, kinds):
            headers = (
                {"WWW-Authenticate": "Bearer"} if status == 401 else {"Retry-After": "1"} if status == 503 else None
            )
            return Response(_words(code, what, advice), status, headers=headers)
    if isinstance(error, exceptions.APIException):
        return Response(_words(error.default_code, str(error.detail), "See /api/v1/schema."), error.status_code)
    return None


def _words(code: str, what: str, advice: str) -> dict[str, str]:
    return {"code": code, "what": what, "advice": advice}
