"""The review desk, and the two ways in which people reach it: contesting a refusal and reporting a clip."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from moderation import commands, queries
from moderation.case_page import case_shown, thing
from moderation.forms import ContestForm, DecideForm, ReportForm
from moderation.refusals import CaseMoved
from placet.eventlog.store.log import current_log
from placet.kernel.ids import CaseId, GenerationId
from placet.kernel.refusal import Refusal
from placet.media.ranges import serve_file
from placet.media.storage import blobs
from placet.people.permissions import Thing, allows, can, me
from placet.studio.events import GenerationRequested


def asker(generation: str) -> Thing:
    """Who asked for a generation. Raises `Http404`."""
    facts = current_log().read(f"generation-{generation}").facts
    request = next((f for f in facts if isinstance(f, GenerationRequested)), None)
    if request is None:
        raise Http404
    return Thing(str(request.asked_by), frozenset(map(str, request.cameos)))


@require_POST
@allows("generation.contest", asker)
def contest(request: HttpRequest, generation: UUID) -> HttpResponse:
    """Say that a refusal is wrong."""
    form = ContestForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Nothing was sent: say in a few words why it is wrong."))
        return redirect("studio:generation", generation)
    about = (GenerationId(str(generation)), me(request), form.cleaned_data["words"])
    commands.contest(current_log(), *about, form.command_id)
    messages.success(request, _("Sent. A person who has not decided on it before will read it."))
    return redirect("studio:generation", generation)


@require_http_methods(["GET", "HEAD", "POST"])
@allows("clip.report")
def report(request: HttpRequest, generation: UUID) -> HttpResponse:
    """Report a published clip."""
    form = ReportForm(request.POST or None, initial={"command": uuid4()})
    if form.is_valid():
        said = (form.cleaned_data["reason"], form.cleaned_data["words"])
        commands.report(current_log(), GenerationId(str(generation)), me(request), *said, form.command_id)
        return render(request, "moderation/reported.html", {"generation": generation})
    page = {"form": form, "generation": generation}
    return render(request, "moderation/report.html", page, status=422 if form.errors else 200)


@require_safe
@allows("case.list")
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for a person, oldest first. What touches the floor is a queue of its own (`?floor=1`)."""
    is_floor = request.GET.get("floor") == "1"
    rows = queries.open_floor_cases() if is_floor else queries.open_cases()
    first = next((row for row in rows if str(me(request)) not in row.not_for), None)
    page = {"rows": rows, "first": first, "is_floor": is_floor, "floor": len(queries.open_floor_cases())}
    return render(request, "moderation/queue.html", page)


@require_safe
@allows("case.see", thing)
def case(request: HttpRequest, case: UUID) -> HttpResponse:
    return _desk(request, case, DecideForm(initial={"command": uuid4()}))


@require_POST
@allows("case.see", thing)
def decide(request: HttpRequest, case: UUID) -> HttpResponse:
    """Decide and go on to the next. Her words are kept when somebody else was first."""
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _desk(request, case, form, status=422)
    typed = form.cleaned_data
    said = (typed["decision"], typed["reason"], typed["version"])
    try:
        commands.decide_case(current_log(), commands.DecideCase(form.command_id, CaseId(str(case)), me(request), *said))
    except Refusal as refusal:
        form.refuse(refusal)
        return _desk(request, case, form, status=refusal.status, moved=isinstance(refusal, CaseMoved))
    messages.success(request, _("Decided. Here is the next."))
    following = queries.next_case(str(case), me(request))
    return redirect("moderation:case", following.case) if following else redirect("moderation:queue")


@require_safe
@allows("case.see", thing)
def clip(request: HttpRequest, case: UUID) -> HttpResponseBase:
    """Exactly the file that the checks saw, for the desk alone."""
    sha256 = case_shown(str(case)).clip_sha256
    if not sha256:
        raise Http404
    return serve_file(request, blobs().path(sha256), "video/mp4")


def _desk(
    request: HttpRequest, case: UUID, form: DecideForm, *, status: int = 200, moved: bool = False
) -> HttpResponse:
    may_decide = can(request.user, "case.decide", thing(str(case)))
    following = queries.next_case(str(case), me(request))
    page = {
        "id": case,
        "case": case_shown(str(case)),
        "form": form,
        "may_decide": may_decide,
        "next": following,
        "moved": moved,
    }
    return render(request, "moderation/case.html", page, status=status)
