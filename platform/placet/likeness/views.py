"""Pages of a person's own likeness: enrolment, level, people, removal of a clip, revocation of everything."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import current_log
from placet.kernel.ids import GenerationId, PersonId
from placet.likeness import commands, queries
from placet.likeness.forms import LEVELS, LevelForm, PersonForm, PortraitForm
from placet.likeness.page import likeness_page
from placet.media.errors import UnreadableMedia
from placet.media.sandbox_client import normalise_image
from placet.media.storage import private
from placet.people.permissions import ResourceContext, allows, current_person
from placet.people.queries import find_by_name, name_of, people
from placet.studio.events import GenerationRequested, request_in
from placet.ui.forms import CommandForm, command_of


def depicted_in(generation: str) -> ResourceContext:
    """The people whom a generation shows. Raises `Http404`."""
    facts = current_log().read(stream_name(GenerationRequested, generation)).facts
    request = request_in(facts)
    if request is None:
        raise Http404
    return ResourceContext(str(request.requested_by), frozenset(map(str, request.cameos)))


@require_safe
@allows("likeness.manage")
def likeness(request: HttpRequest) -> HttpResponse:
    return _page(request, PortraitForm(initial={"command": uuid4()}))


@require_POST
@allows("likeness.manage")
def enrol(request: HttpRequest) -> HttpResponse:
    """Decode the portrait in the sandbox, store it under the person's own key, and request the enrolment."""
    form = PortraitForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            portrait = private().keep(current_person(request), normalise_image(form.cleaned_data["portrait"].read()))
        except UnreadableMedia as error:
            form.add_error("portrait", str(error))
        else:
            commands.request_enrolment(current_log(), current_person(request), portrait, form.command_id)
            return redirect("likeness:likeness")
    return _page(request, form, status=422)


@require_POST
@allows("likeness.manage")
def set_level(request: HttpRequest) -> HttpResponse:
    """Set the consent level."""
    form = LevelForm(request.POST)
    if form.is_valid():
        commands.set_level(current_log(), current_person(request), form.cleaned_data["level"], form.command_id)
        messages.success(request, _("Saved. It applies from now on, to drafts too."))
    return redirect("likeness:likeness")


@require_POST
@allows("likeness.manage")
def set_person(request: HttpRequest) -> HttpResponse:
    """Approve, withdraw from or block one person."""
    form = PersonForm(request.POST)
    if not form.is_valid():
        return redirect("likeness:likeness")
    typed = form.cleaned_data
    other = PersonId(str(typed["person"])) if typed["person"] else find_by_name(typed["name"]).person
    act = {"allow": commands.allow, "block": commands.block, "withdraw": commands.revoke}[typed["act"]]
    act(current_log(), current_person(request), other, form.command_id)
    messages.success(request, _done(typed["act"]) % {"name": name_of(other)})
    return redirect(_back(request))


@require_POST
@allows("clip.remove", depicted_in)
def remove(request: HttpRequest, generation: UUID) -> HttpResponse:
    """Take down one clip that shows the signed-in person, and its descendants."""
    clip = GenerationId(str(generation))
    commands.remove_clip(current_log(), current_person(request), clip, command_of(request))
    messages.success(request, _("The clip and its remixes are removed from the feed, from links and from downloads."))
    return redirect(_back(request))


@require_http_methods(["GET", "HEAD", "POST"])
@allows("likeness.manage")
def stop(request: HttpRequest) -> HttpResponse:
    """GET explains the revocation of all consent; POST revokes it."""
    if request.method == "POST":
        commands.revoke(current_log(), current_person(request), None, command_of(request))
        messages.success(
            request, _("Stopped. Nothing new starts with your likeness, and clips that show you are being taken down.")
        )
        return redirect("likeness:likeness")
    return render(request, "likeness/stop.html", {"form": CommandForm()})


@require_safe
@allows("likeness.search")
def names(request: HttpRequest) -> HttpResponse:
    """Names of people with an enrolled likeness, for the create page."""
    persons = [str(row.person) for row in queries.enrolled()]
    found = sorted(str(p.name) for p in people(persons).values()) if persons else []
    return render(request, "likeness/_names.html", {"names": found})


def _page(request: HttpRequest, form: PortraitForm, status: int = 200) -> HttpResponse:
    page = likeness_page(current_person(request))
    context = {"likeness": page, "portrait_form": form, "levels": LEVELS, "command": uuid4()}
    return render(request, "likeness/likeness.html", context, status=status)


def _done(act: str) -> str:
    return {
        "allow": _("%(name)s may request clips with you."),
        "withdraw": _("%(name)s may no longer request clips with you, and those that they made are being taken down."),
        "block": _("%(name)s is blocked: no further use, whatever the level."),
    }[act]


def _back(request: HttpRequest) -> str:
    return "notices:inbox" if request.POST.get("from") == "inbox" else "likeness:likeness"
