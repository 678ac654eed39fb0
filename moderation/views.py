"""Pages of the review queue and of cases; forms for appeals and reports."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from moderation import commands, queries
from moderation.case_page import case_context, case_page
from moderation.forms import AppealForm, DecideForm, ReportForm
from moderation.refusals import CaseAlreadyDecided
from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import current_log
from placet.kernel.ids import CaseId, GenerationId
from placet.kernel.refusal import Refusal
from placet.media.ranges import serve_file
from placet.media.storage import blobs
from placet.people.permissions import ResourceContext, allows, can, current_person
from placet.studio.events import GenerationRequested, request_in


def requester(generation: str) -> ResourceContext:
    """The requester of a generation and the people it shows. Raises `Http404`."""
    facts = current_log().read(stream_name(GenerationRequested, generation)).facts
    request = request_in(facts)
    if request is None:
        raise Http404
    return ResourceContext(str(request.requested_by), frozenset(map(str, request.cameos)))


@require_POST
@allows("generation.appeal", requester)
def appeal(request: HttpRequest, generation: UUID) -> HttpResponse:
    """Appeal a refusal."""
    form = AppealForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Nothing was sent: say in a few words why the refusal is wrong."))
        return redirect("studio:generation", generation)
    subject, person = GenerationId(str(generation)), current_person(request)
    commands.file_appeal(current_log(), subject, person, form.cleaned_data["words"], form.command_id)
    messages.success(request, _("Sent. A reviewer who has not decided on it before will read it."))
    return redirect("studio:generation", generation)


@require_http_methods(["GET", "HEAD", "POST"])
@allows("clip.report")
def report(request: HttpRequest, generation: UUID) -> HttpResponse:
    """Report a published clip."""
    form = ReportForm(request.POST or None, initial={"command": uuid4()})
    if form.is_valid():
        reason, words = form.cleaned_data["reason"], form.cleaned_data["words"]
        subject, person = GenerationId(str(generation)), current_person(request)
        commands.report(current_log(), subject, person, reason, words, form.command_id)
        return render(request, "moderation/reported.html", {"generation": generation})
    page = {"form": form, "generation": generation}
    return render(request, "moderation/report.html", page, status=422 if form.errors else 200)


@require_safe
@allows("case.list")
def queue(request: HttpRequest) -> HttpResponse:
    """Open cases, oldest first. Zero-tolerance cases are a queue of their own (`?zero_tolerance=1`)."""
    is_zero_tolerance = request.GET.get("zero_tolerance") == "1"
    rows = queries.open_zero_tolerance_cases() if is_zero_tolerance else queries.open_cases()
    first = next((row for row in rows if str(current_person(request)) not in row.excluded_reviewers), None)
    page = {
        "rows": rows,
        "first": first,
        "is_zero_tolerance": is_zero_tolerance,
        "zero_tolerance_count": len(queries.open_zero_tolerance_cases()),
    }
    return render(request, "moderation/queue.html", page)


@require_safe
@allows("case.view", case_context)
def case(request: HttpRequest, case: UUID) -> HttpResponse:
    return _case_page(request, case, DecideForm(initial={"command": uuid4()}))


@require_POST
@allows("case.view", case_context)
def decide(request: HttpRequest, case: UUID) -> HttpResponse:
    """Decide a case and open the next. The text stays in the form when another reviewer was first."""
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _case_page(request, case, form, status=422)
    typed = form.cleaned_data
    decision = (typed["decision"], typed["reason"], typed["version"])
    try:
        commands.decide_case(
            current_log(), commands.DecideCase(form.command_id, CaseId(str(case)), current_person(request), *decision)
        )
    except Refusal as refusal:
        form.refuse(refusal)
        return _case_page(
            request, case, form, status=refusal.status, already_decided=isinstance(refusal, CaseAlreadyDecided)
        )
    messages.success(request, _("Decided. This is the next case."))
    following = queries.next_case(str(case), current_person(request))
    return redirect("moderation:case", following.case) if following else redirect("moderation:queue")


@require_safe
@allows("case.view", case_context)
def clip(request: HttpRequest, case: UUID) -> HttpResponseBase:
    """The file that the checks read, for reviewers only."""
    sha256 = case_page(str(case)).clip_sha256
    if not sha256:
        raise Http404
    return serve_file(request, blobs().path(sha256), "video/mp4")


def _case_page(
    request: HttpRequest, case: UUID, form: DecideForm, *, status: int = 200, already_decided: bool = False
) -> HttpResponse:
    may_decide = can(request.user, "case.decide", case_context(str(case)))
    following = queries.next_case(str(case), current_person(request))
    page = {
        "id": case,
        "case": case_page(str(case)),
        "form": form,
        "may_decide": may_decide,
        "next": following,
        "already_decided": already_decided,
    }
    return render(request, "moderation/case.html", page, status=status)
