"""`/readyz` and `/metrics`, for this machine itself and for operators."""

import functools
from collections.abc import Callable
from dataclasses import asdict
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import split_domain_port
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from placet.operations.monitoring.collector import take_snapshot
from placet.operations.monitoring.metrics import exposition
from placet.operations.monitoring.readiness import missing
from placet.people.models import Account
from placet.people.permissions import View, allows, can
from placet.people.tokens import bearer_of

VERB: Final = "operations.view"
LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
OWN_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
FORWARDED: Final = ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via")


def is_local(request: HttpRequest) -> bool:
    """Whether this machine itself sent the request. Any sign of a proxy says no: behind one, all requests are local."""
    from urllib.parse import urlsplit

    is_own_origin = (urlsplit(settings.PLACET_ORIGIN).hostname or "") in {"localhost", "127.0.0.1", "::1"}
    is_direct = request.META.get("REMOTE_ADDR") in LOOPBACK and not any(h in request.headers for h in FORWARDED)
    return is_own_origin and is_direct and split_domain_port(request.get_host())[0] in OWN_NAMES


def _bearer(request: HttpRequest) -> Account | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return bearer_of(token.strip()) if kind.lower() == "bearer" else None


def for_operators(view: Callable[[HttpRequest], HttpResponse]) -> View:
    """Open to this machine itself and to operators, by session or bearer token; closed to everyone else."""
    guarded = allows(VERB)(view)

    @functools.wraps(guarded)
    def checked(request: HttpRequest) -> HttpResponseBase:
        if is_local(request):
            return view(request)
        account = _bearer(request)
        return view(request) if account is not None and can(account, VERB) else guarded(request)

    return checked


@for_operators
@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """200 when this install is ready, else 503 with what is missing."""
    lacking = missing()
    answer = JsonResponse(
        {"ready": not lacking, "missing": [asdict(one) for one in lacking]}, status=503 if lacking else 200
    )
    answer["Cache-Control"] = "no-store"
    return answer


@for_operators
@require_safe
def metrics(_request: HttpRequest) -> HttpResponse:
    """Prometheus' text format."""
    return HttpResponse(exposition(take_snapshot), content_type=CONTENT_TYPE_LATEST)
