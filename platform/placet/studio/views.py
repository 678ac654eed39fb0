"""Requesting a clip, following its progress, and its timeline."""

from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from placet.eventlog.store.log import current_log
from placet.kernel.ids import GenerationId
from placet.kernel.refusal import Refusal
from placet.media.errors import UnreadableMedia
from placet.people.permissions import allows, can, current_person
from placet.studio import commands, queries
from placet.studio.forms import AskForm
from placet.studio.page import generation_context, generation_page
from placet.studio.request_input import to_command
from placet.ui.forms import command_of
from placet.ui.region import region_of

TimelineOf = Callable[[str, Callable[[str], bool]], Sequence[object]]
"""`(generation, may_open)`: all its events, oldest first; the reader may open what is sealed for some subjects."""


@require_http_methods(["GET", "HEAD", "POST"])
@allows("generation.create")
def create(request: HttpRequest) -> HttpResponse:
    """Ask for a clip, for a remix of one (`?remix=`), or for what comes after it (`&extends=1`)."""
    named = ("remix", "extends", "prompt", "likenesses")
    asked_before = {name: request.GET[name] for name in named if name in request.GET}
    form = AskForm(request.POST or None, request.FILES or None, initial={"command": uuid4(), **asked_before})
    if form.is_valid():
        try:
            ask = to_command(form.wish(), current_person(request), form.command_id, region_of(request.headers))
            return redirect("studio:generation", commands.request_generation(current_log(), ask))
        except Refusal as refusal:
            form.refuse(refusal)
        except UnreadableMedia as hostile:
            form.add_error("image", str(hostile))
    return render(request, "studio/create.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@allows("generation.list")
def drafts(request: HttpRequest) -> HttpResponse:
    """Everything that somebody asked for."""
    return render(
        request, "studio/drafts.html", {"rows": queries.with_prompts(queries.of_requester(current_person(request)))}
    )


@require_safe
@allows("generation.view", generation_context)
def generation(request: HttpRequest, generation: UUID) -> HttpResponse:
    """One generation. Asked for by htmx, only the part that moves."""
    page = "studio/_generation.html" if request.headers.get("HX-Request") else "studio/generation.html"
    position = current_log().last_position
    found = generation_page(str(generation))
    is_mine = can(request.user, "generation.publish", generation_context(str(generation)))
    return render(request, page, {"generation": found, "is_mine": is_mine, "command": uuid4(), "position": position})


@require_POST
@allows("generation.publish", generation_context)
def publish(request: HttpRequest, generation: UUID) -> HttpResponse:
    """Show a draft to everyone, or say that the checks look again first."""
    state = commands.publish(current_log(), GenerationId(str(generation)), current_person(request), command_of(request))
    is_out = state == "published"
    messages.success(request, _("It is in the feed.") if is_out else _("The checks look once more, then it is shown."))
    return redirect("studio:generation", generation)


@require_POST
@allows("generation.cancel", generation_context)
def cancel(request: HttpRequest, generation: UUID) -> HttpResponse:
    """End it before it is a draft."""
    commands.cancel(current_log(), GenerationId(str(generation)), current_person(request), command_of(request))
    messages.success(request, _("It is cancelled. It no longer counts against today's quota."))
    return redirect("studio:generation", generation)


@require_safe
@allows("timeline.view", generation_context)
def timeline(request: HttpRequest, generation: UUID, timeline_of: TimelineOf) -> HttpResponse:
    """Every event of a generation, its cause, who answered, and after how long."""
    sees_all = can(request.user, "generation.view", generation_context(str(generation)))
    mine = current_person(request)
    steps = timeline_of(str(generation), lambda subject: sees_all or subject == mine)
    return render(request, "studio/timeline.html", {"generation": generation, "steps": steps, "sees_all": sees_all})
