"""The bytes of a clip. Every request reads the standing from PostgreSQL; in doubt the response is 503."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from placet.eventlog.projections.freshness import is_stale
from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import EventLog, current_log
from placet.media.blobs import Area
from placet.media.ranges import serve_file
from placet.media.storage import blobs
from placet.people.models import Account
from placet.people.permissions import allows, can, current_person
from placet.studio.events import GenerationRequested
from placet.studio.page import generation_context
from placet.studio.projections import GENERATIONS
from placet.studio.queries import HAS_BYTES, Standing, standing
from placet.ui.error_pages import render_alone
from placet.ui.region import is_barred, region_of, unavailable_in_region

RecordDownload = Callable[[EventLog, str, str, str], None]
"""`(log, generation, downloader, day)`: records a download as a use for every person shown."""


@allows("clip.view")
def clip(request: HttpRequest, generation: UUID, record_download: RecordDownload) -> HttpResponseBase:
    """A published clip. `?download=1` needs a sign-in, and every person shown gets a notice."""
    found = _standing(generation)
    if refusal := _refused(request, found, str(generation)):
        return refusal
    if "download" not in request.GET:
        return _bytes(request, found)
    if not can(request.user, "clip.download"):
        if isinstance(request.user, Account):
            raise PermissionDenied
        return redirect("people:sign-in")
    if request.method == "GET":
        record_download(current_log(), str(generation), current_person(request), datetime.now(UTC).date().isoformat())
    return _bytes(request, found, f"placet-{generation}.mp4")


@allows("draft.view", generation_context)
def draft(request: HttpRequest, generation: UUID) -> HttpResponseBase:
    """A signed draft, for its requester and for reviewers."""
    found = _standing(generation)
    if found.state not in HAS_BYTES:
        raise Http404
    if is_stale(GENERATIONS.name, stream_name(GenerationRequested, generation)):
        return render_alone("ui/unavailable.html", 503)
    if found.reasons and not can(request.user, "case.view"):
        return _gone(request, found)
    if is_barred(found.excluded_territories, region_of(request.headers)):
        return unavailable_in_region(request)
    return _bytes(request, found)


def _standing(generation: UUID) -> Standing:
    found = standing(str(generation))
    if found is None:
        raise Http404
    return found


def _refused(request: HttpRequest, found: Standing, generation: str) -> HttpResponse | None:
    if found.state != "published":
        raise Http404
    if found.reasons:
        return _gone(request, found)
    if is_barred(found.excluded_territories, region_of(request.headers)):
        return unavailable_in_region(request)
    if is_stale(GENERATIONS.name, stream_name(GenerationRequested, generation)):
        return render_alone("ui/unavailable.html", 503)
    return None


def _gone(request: HttpRequest, found: Standing) -> HttpResponse:
    response = render(request, "ui/gone.html", {"reasons": found.reasons}, status=410)
    response["Cache-Control"] = "private, no-store"
    return response


def _bytes(request: HttpRequest, found: Standing, name: str | None = None) -> HttpResponseBase:
    return serve_file(request, blobs().path(found.sha256, Area.RELEASED), "video/mp4", name)
