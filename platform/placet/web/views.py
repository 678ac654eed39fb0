"""Views of no room: the health check and the public page of promises."""

from functools import cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from placet.people.permissions import allows
from placet.web.promises import promises_file, proofs, results, revision


@allows("health.view")
def healthz(_request: HttpRequest) -> HttpResponse:
    """This process responds; it says nothing about the others."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@allows("promises.view")
def promises(request: HttpRequest) -> HttpResponse:
    """Each promise with the results of its tests when they last ran on this install."""
    rows = proofs(results(promises_file()), _code())
    latest = max(rows, key=lambda row: row.at)
    return render(request, "ui/promises.html", {"promises": rows, "latest": latest if latest.at else None})


@cache
def _code() -> str:
    """The revision of the code that this process loaded."""
    return revision()
