"""Pages to request a clip, follow its progress, publish or cancel it, and read its timeline."""

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
from placet.studio.forms import GenerationRequestForm
from placet.studio.page import generation_context, generation_page
from placet.studio.request_input import to_command
from placet.ui.forms import command_of
from placet.ui.region import region_of

TimelineOf = Callable[[str, Callable[[str], bool]], Sequence[object]]
"""`(generation, may_open)`: all its events, oldest first; `may_open(subject)` says whether to decrypt."""


@require_http_methods(["GET", "HEAD", "POST"])
@allows("generation.create")
def create(request: HttpRequest) -> HttpResponse:
    """Request a clip, a remix of one (`?remix=`), or a continuation of it (`&extends=1`)."""
    fields = ("remix", "extends", "prompt", "likenesses")
    prefilled = {name: request.GET[name] for name in fields if name in request.GET}
    form = GenerationRequestForm(request.POST or None, request.FILES or None, initial={"command": uuid4(), **prefilled})
    if form.is_valid():
        try:
            command = to_command(
                form.generation_input(), current_person(request), form.command_id, region_of(request.headers)
            )
            return redirect("studio:generation", commands.request_generation(current_log(), command))
        except Refusal as refusal:
            form.refuse(refusal)
        except UnreadableMedia as error:
            form.add_error("image", str(error))
    return render(request, "studio/create.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@allows("generation.list")
def drafts(request: HttpRequest) -> HttpResponse:
    """All generations of the signed-in requester."""
    return render(
        request, "studio/drafts.html", {"rows": queries.with_prompts(queries.of_requester(current_person(request)))}
    )


@require_safe
@allows("generation.view", generation_context)
def generation(request: HttpRequest, generation: UUID) -> HttpResponse:
    """One generation; for htmx only the part that changes."""
    template = "studio/_generation.html" if request.headers.get("HX-Request") else "studio/generation.html"
    position = current_log().last_position
    page = generation_page(str(generation))
    is_mine = can(request.user, "generation.publish", generation_context(str(generation)))
    return render(request, template, {"generation": page, "is_mine": is_mine, "command": uuid4(), "position": position})


@require_POST
@allows("generation.publish", generation_context)
def publish(request: HttpRequest, generation: UUID) -> HttpResponse:
    """Publish a draft, or say that checks run again first."""
    state = commands.publish(current_log(), GenerationId(str(generation)), current_person(request), command_of(request))
    is_published = state == "published"
    messages.success(
        request, _("It is in the feed.") if is_published else _("Some checks run again; then it is published.")
    )
    return redirect("studio:generation", generation)


@require_POST
@allows("generation.cancel", generation_context)
def cancel(request: HttpRequest, generation: UUID) -> HttpResponse:
    """Cancel a generation before it is a draft."""
    commands.cancel(current_log(), GenerationId(str(generation)), current_person(request), command_of(request))
    messages.success(request, _("It is cancelled. It no longer counts against today's quota."))
    return redirect("studio:generation", generation)


@require_safe
@allows("timeline.view", generation_context)
def timeline(request: HttpRequest, generation: UUID, timeline_of: TimelineOf) -> HttpResponse:
    """Every event of a generation: its cause, the consumers that processed it, and the time they took."""
    sees_all = can(request.user, "generation.view", generation_context(str(generation)))
    reader = current_person(request)
    steps = timeline_of(str(generation), lambda subject: sees_all or subject == reader)
    return render(request, "studio/timeline.html", {"generation": generation, "steps": steps, "sees_all": sees_all})
