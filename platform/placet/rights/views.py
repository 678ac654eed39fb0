"""Pages of opt-outs: file one, see what it blocked, end it."""

from collections.abc import Callable
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from placet.eventlog.store.log import current_log
from placet.kernel.ids import FilingId
from placet.people.permissions import ResourceContext, allows, can, current_person
from placet.rights import commands, queries
from placet.rights.forms import FilingForm
from placet.rights.refusals import FilingInvalid
from placet.ui.forms import command_of

Vocabulary = Callable[[], frozenset[str]]
"""Returns the words that the engine can draw."""


def filing_context(filing: str) -> ResourceContext:
    """The holder of a filing. Raises `Http404`."""
    found = queries.filing_view(filing)
    if found is None:
        raise Http404
    return ResourceContext(str(found.filed.holder))


@require_http_methods(["GET", "HEAD", "POST"])
@allows("opt_out.file")
def filings(request: HttpRequest, vocabulary: Vocabulary) -> HttpResponse:
    """The person's filings, and a form for another."""
    form = FilingForm(request.POST or None, initial={"command": uuid4()})
    if form.is_valid():
        try:
            filing, _state = commands.file_opt_out(current_log(), form.filing(current_person(request)), vocabulary())
            return redirect("rights:filing", filing)
        except FilingInvalid as refusal:
            form.refuse(refusal)
    page = {"form": form, "filings": queries.filings_of(current_person(request))}
    return render(request, "rights/filings.html", page, status=422 if form.errors else 200)


@require_safe
@allows("opt_out.view", filing_context)
def filing(request: HttpRequest, filing: UUID) -> HttpResponse:
    """One filing: its state, what it blocked, which published clips it matches."""
    may_end = can(request.user, "opt_out.end", filing_context(str(filing)))
    view = queries.filing_view(str(filing))
    is_holder = view is not None and str(view.filed.holder) == current_person(request)
    page = {
        "id": filing, "filing": view, "may_end": may_end, "may_take_receipt": is_holder, "command": uuid4(),
    }  # fmt: skip
    return render(request, "rights/filing.html", page)


@require_POST
@allows("opt_out.end", filing_context)
def end(request: HttpRequest, filing: UUID) -> HttpResponse:
    """End a filing: it applies to nothing from now on."""
    is_operator = can(request.user, "opt_out.end", ResourceContext("nobody"))
    commands.end_opt_out(
        current_log(), FilingId(str(filing)), current_person(request), command_of(request), is_operator=is_operator
    )
    messages.success(request, _("Ended. It applies to nothing from now on; what it blocked before stays recorded."))
    return redirect("rights:filing", filing)
