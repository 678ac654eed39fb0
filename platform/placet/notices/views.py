"""The inbox, and how many notices are new since it was last opened."""

from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from placet.notices import queries
from placet.notices.page import inbox as read_inbox
from placet.people.permissions import allows, current_person

SEEN = "notices_seen"


@require_safe
@allows("notices.view")
def inbox(request: HttpRequest) -> HttpResponse:
    """Every use of the person's likeness, numbered without gaps."""
    below = request.GET.get("below", "")
    page = read_inbox(current_person(request), int(below) if below.isdecimal() and len(below) < 10 else None)
    new_from = int(request.session.get(SEEN, 0))
    request.session[SEEN] = page.last
    template = "notices/_list.html" if request.headers.get("HX-Request") else "notices/inbox.html"
    return render(request, template, {"inbox": page, "new_from": new_from, "command": uuid4()})


@require_safe
@allows("notices.view")
def count(request: HttpRequest) -> HttpResponse:
    """The number of new notices as a badge; empty when there are none."""
    new = queries.last_number(current_person(request)) - int(request.session.get(SEEN, 0))
    if new <= 0:
        return HttpResponse("")
    text = ngettext("%(n)s new notice", "%(n)s new notices", new) % {"n": new}
    return HttpResponse(format_html('<b aria-hidden="true">{}</b><span class="unseen">{}</span>', min(new, 99), text))
