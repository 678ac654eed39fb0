"""Sign-in and sign-out, joining by invitation, invitations and erasure."""

from uuid import UUID

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from placet.eventlog.store.log import current_log
from placet.people import commands
from placet.people.forms import EraseForm, JoinForm
from placet.people.permissions import allows, current_person
from placet.people.queries import name_of
from placet.people.refusals import InviteInvalid
from placet.people.sign_in import account, holder_of, spend
from placet.ui.forms import CommandForm

BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_safe
@allows("sign_in")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Explains how to sign in: there are no passwords."""
    return render(request, "people/sign_in.html")


@require_http_methods(["GET", "HEAD", "POST"])
@allows("sign_in")
def sign_in_link(request: HttpRequest, nonce: UUID, token: str) -> HttpResponse:
    """GET shows whose link this is; POST uses it and signs in."""
    if request.method != "POST":
        return render(request, "people/sign_in_link.html", {"name": name_of(str(holder_of(nonce, token).person))})
    login(request, spend(nonce, token), backend=BACKEND)
    return redirect("feed:feed")


@require_POST
@allows("sign_out")
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("feed:feed")


@require_http_methods(["GET", "HEAD", "POST"])
@allows("invite.accept")
def join(request: HttpRequest, code: str) -> HttpResponse:
    """Join by invitation and sign in."""
    form = JoinForm(request.POST or None)
    if form.is_valid():
        try:
            name, email = form.cleaned_data["name"], form.cleaned_data["email"]
            person = commands.take_invite(current_log(), code, name, email, form.command_id)
        except InviteInvalid as refusal:
            form.refuse(refusal)
        else:
            login(request, account(person), backend=BACKEND)
            return redirect("likeness:likeness")
    return render(request, "people/join.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@allows("account.erase")
def erase(request: HttpRequest) -> HttpResponse:
    """GET explains an erasure; POST requests it and signs the person out."""
    form = EraseForm(request.POST or None)
    if form.is_valid():
        commands.request_erasure(current_log(), current_person(request), current_person(request), form.command_id)
        logout(request)
        return redirect("people:erased")
    return render(request, "people/erase.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@allows("sign_in")
def erased(request: HttpRequest) -> HttpResponse:
    """Explains what happens after the request. It names nobody."""
    return render(request, "people/erased.html")


@require_http_methods(["GET", "HEAD", "POST"])
@allows("invite.issue")
def invites(request: HttpRequest) -> HttpResponse:
    """Create an invitation link for one person. It is shown once: only its hash is stored."""
    form = CommandForm(request.POST or None)
    link = None
    if form.is_valid():
        code = commands.issue_invite(current_log(), current_person(request), form.command_id)
        link = request.build_absolute_uri(reverse("people:join", args=[code]))
    return render(request, "people/invites.html", {"form": CommandForm(), "link": link})
