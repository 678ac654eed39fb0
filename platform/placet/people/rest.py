"""Base of every API endpoint: permissions, `Idempotency-Key`, errors with a code, a limit for bodies."""

import functools
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException, MethodNotAllowed, NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from placet.eventlog.store.log import EventLog, current_log
from placet.kernel.ids import PersonId
from placet.kernel.problem import PROBLEM_JSON
from placet.people.authorization import require_permission
from placet.people.idempotency_keys import key_of, store_response, stored_response
from placet.people.models import Account
from placet.people.permissions import can
from placet.people.serializers import ErrorSerializer

LARGEST_BODY_BYTES: Final = 11 * 1024 * 1024
IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key with the same body is one command with one response, for a day. Another body: 422.",
)


class BodyTooLarge(APIException):
    status_code = 413
    default_code = "body_too_large"
    default_detail = "Send at most 11 MB."


class ApiEndpoint(APIView):
    """One endpoint. `permissions`: method -> verb of `people/permissions.py`; a method without a verb is denied."""

    permission_classes = [AllowAny]  # `permissions` decides, below
    permissions: ClassVar[Mapping[str, str]] = {}
    object_level: ClassVar[frozenset[str]] = frozenset()
    """Verbs that depend on the resource: the method, or its command, checks them."""

    def initial(self, request: Request, *args: Any, **named: Any) -> None:
        """Raises `BodyTooLarge`, `MethodNotAllowed`, `NotAuthenticated`, `NotPermitted`, before the body is read."""
        super().initial(request, *args, **named)
        if int(request.headers.get("Content-Length") or 0) > LARGEST_BODY_BYTES:
            raise BodyTooLarge
        verb = self.permissions.get(str(request.method))
        if verb is None:
            raise MethodNotAllowed(str(request.method))
        if not isinstance(request.user, Account) and not can(request.user, verb):
            raise NotAuthenticated
        if verb not in self.object_level:
            require_permission(request.user, verb)

    @property
    def actor(self) -> PersonId:
        """The person who sent the request. Raises `NotAuthenticated`."""
        if not isinstance(self.request.user, Account):
            raise NotAuthenticated
        return PersonId(str(self.request.user.person))

    @property
    def log(self) -> EventLog:
        return current_log()


Post = Callable[..., Response]


def idempotent(post: Post) -> Post:
    """Run `post(self, request, command_id, …)` under the key that was sent, or under a new id."""

    @functools.wraps(post)
    def wrapped(self: ApiEndpoint, request: Request, **named: Any) -> Response:
        text = request.headers.get("Idempotency-Key")
        if text is None:
            return post(self, request, str(uuid.uuid4()), **named)
        key = key_of(self.actor, text, request.path, _body(request))
        if before := stored_response(key):
            return Response(before[1], before[0])
        response = post(self, request, key.command_id, **named)
        store_response(key, response.status_code, json.loads(JSONRenderer().render(response.data)))
        return response

    return wrapped


def documented(name: str, answer: Any, *, takes: Any = None, status: int = 200) -> Callable[[Post], Post]:
    """The OpenAPI schema of one method: its input and its response; every error is a problem of RFC 9457."""
    parameters = [IDEMPOTENCY_KEY] if takes is not None else []
    return extend_schema(
        operation_id=name,
        request=takes or None,
        parameters=parameters,
        responses={status: answer, ("4XX", PROBLEM_JSON): ErrorSerializer},
    )


def _body(request: Request) -> dict[str, Any]:
    data = request.data
    if hasattr(data, "lists"):
        return {name: values for name, values in data.lists()}  # noqa: C416  a MultiValueDict's dict() drops values
    return {"json": data}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular has no types here
    target_class = "placet.people.tokens.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002  the library's own signature
        return {"type": "http", "scheme": "bearer", "description": "Made by `placet create-token --as NAME`."}
