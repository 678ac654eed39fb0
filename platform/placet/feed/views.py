"""The vertical feed, and one clip by its address."""

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
from placet.ui.region import is_barred, not_here, region_of

A_PAGE = 4


@require_safe
@allows("feed.view")
def feed(request: HttpRequest) -> HttpResponse:
    """Newest first. Nothing is shown from a feed that is behind the log."""
    if is_stale(FEED.name):
        return render_alone("ui/unavailable.html", 503)
    before = request.GET.get("before", "")
    before_position = int(before) if before.isdecimal() and len(before) < 19 else None
    rows = queries.newest(region_of(request.headers), before_position, A_PAGE)
    shown = {"clips": queries.clips(rows), "older": rows[-1].position if len(rows) == A_PAGE else None}
    answer = render(request, "feed/_clips.html" if request.headers.get("HX-Request") else "feed/feed.html", shown)
    patch_vary_headers(answer, ["HX-Request", *filter(None, [settings.PLACET_REGION_HEADER])])
    return answer


@require_safe
@allows("clip.view")
def clip(request: HttpRequest, generation: UUID) -> HttpResponse:
    """One clip; or, when something stands against it, that it is gone and why."""
    row = queries.clip(str(generation))
    if row is None:
        raise Http404
    if is_stale(FEED.name, stream_name(GenerationRequested, generation)):
        return render_alone("ui/unavailable.html", 503)
    if not row.is_visible:
        return render(request, "ui/gone.html", {"reasons": sorted(set(row.restrictions.values()))}, status=410)
    if is_barred(row.excluded_territories, region_of(request.headers)):
        return not_here(request)
    return render(request, "feed/feed.html", {"clips": queries.clips([row]), "is_alone": True})
