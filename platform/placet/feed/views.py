"""The feed, and the page of one clip."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from placet.eventlog.projections.freshness import is_stale
from placet.eventlog.store.event import stream_name
from placet.feed import queries
from placet.feed.projections import FEED
from placet.people.permissions import allows
from placet.studio.events import GenerationRequested
from placet.ui.error_pages import render_alone
from placet.ui.region import is_barred, region_of, unavailable_in_region

PAGE_SIZE = 4


@require_safe
@allows("feed.view")
def feed(request: HttpRequest) -> HttpResponse:
    """The feed, newest first. A feed that is behind the log is answered with 503."""
    if is_stale(FEED.name):
        return render_alone("ui/unavailable.html", 503)
    before = request.GET.get("before", "")
    before_position = int(before) if before.isdecimal() and len(before) < 19 else None
    rows = queries.newest(region_of(request.headers), before_position, PAGE_SIZE)
    context = {"clips": queries.clips(rows), "older": rows[-1].position if len(rows) == PAGE_SIZE else None}
    template = "feed/_clips.html" if request.headers.get("HX-Request") else "feed/feed.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request", *filter(None, [settings.PLACET_REGION_HEADER])])
    return response


@require_safe
@allows("clip.view")
def clip(request: HttpRequest, generation: UUID) -> HttpResponse:
    """One clip; 410 with the reasons while a restriction is open."""
    row = queries.clip(str(generation))
    if row is None:
        raise Http404
    if is_stale(FEED.name, stream_name(GenerationRequested, generation)):
        return render_alone("ui/unavailable.html", 503)
    if not row.is_visible:
        return render(request, "ui/gone.html", {"reasons": sorted(set(row.restrictions.values()))}, status=410)
    if is_barred(row.excluded_territories, region_of(request.headers)):
        return unavailable_in_region(request)
    return render(request, "feed/feed.html", {"clips": queries.clips([row]), "is_alone": True})
