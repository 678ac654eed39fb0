"""The transparency log for everyone: C2SP tlog-tiles, and two proofs as JSON. Hashes and sizes, no event.

Entry bundles are not served: a leaf names its stream, which can name people. The person concerned has the receipt.
"""

import base64
import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from placet.eventlog.proofs.issue_receipt import issue_receipt
from placet.eventlog.proofs.keys import install_verifier
from placet.eventlog.proofs.monitor import RESTORED
from placet.eventlog.proofs.prove import prove_consistency, prove_inclusion, signed_head, tile_content
from placet.eventlog.proofs.receipt_types import newest_of
from placet.eventlog.proofs.refusals import NotInTree, ProofRequestInvalid
from placet.eventlog.proofs.tiles import TileNotFound, tile_at
from placet.eventlog.store.log import current_log
from placet.kernel.problem import PROBLEM_JSON
from placet.kernel.refusal import Refusal
from placet.people.permissions import open_to_all

NUMBER: Final = re.compile(r"0|[1-9]\d{0,17}", re.ASCII)
FOR_EVER: Final = "public, max-age=31536000, immutable"
FOR_A_MOMENT: Final = "public, max-age=1"
View = Callable[..., HttpResponse]


def as_json(view: View) -> View:
    """Returns refusals as the API does, as problem details, and lets no cache keep them."""

    @functools.wraps(view)
    def answer(request: HttpRequest, **named: Any) -> HttpResponse:
        try:
            return view(request, **named)
        except Refusal as refusal:
            return JsonResponse(
                refusal.to_json(),
                status=refusal.status,
                headers={"Cache-Control": "no-store"},
                content_type=PROBLEM_JSON,
            )

    return answer


@open_to_all("log.view")
@require_safe
@as_json
def checkpoint(_request: HttpRequest) -> HttpResponse:
    """The newest signed tree head."""
    note = signed_head(current_log().connection).note
    return HttpResponse(note, content_type="text/plain; charset=utf-8", headers={"Cache-Control": FOR_A_MOMENT})


@open_to_all("log.view")
@require_safe
@as_json
def key(_request: HttpRequest) -> HttpResponse:
    """The key that signs the tree heads, for a first look. To be sure of it, get it by another way."""
    text = f"{install_verifier(Path(settings.PLACET_DATA_DIR)).text}\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": FOR_A_MOMENT})


@open_to_all("log.view")
@require_safe
@as_json
def tile(_request: HttpRequest, address: str) -> HttpResponse:
    """256 hashes, or as many as are signed. A tile that was served never changes."""
    try:
        found = tile_at(address)
    except TileNotFound as none:
        raise ProofRequestInvalid(f"{none}.") from None
    content = tile_content(current_log().connection, found)
    return HttpResponse(content, content_type="application/octet-stream", headers={"Cache-Control": FOR_EVER})


@open_to_all("log.view")
@require_safe
@as_json
def inclusion(request: HttpRequest) -> HttpResponse:
    """Proof that a tree of some size includes one leaf."""
    index, size = _number(request, "index"), _number(request, "size")
    steps = prove_inclusion(current_log().connection, index, size)
    return _proof({"index": index, "size": size}, steps)


@open_to_all("log.view")
@require_safe
@as_json
def consistency(request: HttpRequest) -> HttpResponse:
    """Proof that a tree begins with an older one."""
    old, new = _number(request, "from"), _number(request, "to")
    steps = prove_consistency(current_log().connection, old, new)
    return _proof({"from": old, "to": new}, steps)


@open_to_all("log.view")
@require_safe
@as_json
def restored(_request: HttpRequest) -> HttpResponse:
    """The receipt of the event by which this log was restored under a new name, for monitors."""
    log = current_log()
    location = newest_of(log, RESTORED)
    if location is None:
        raise NotInTree("This log was never restored.")
    return JsonResponse(
        issue_receipt(log, location, holder="", seconds=0).to_json(), headers={"Cache-Control": FOR_A_MOMENT}
    )


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    if not NUMBER.fullmatch(text) or len(request.GET.getlist(name)) != 1:
        raise ProofRequestInvalid(f"{name} must be one whole number.")
    return int(text)


def _proof(request: dict[str, int], steps: list[bytes]) -> HttpResponse:
    proof = {**request, "proof": [base64.b64encode(step).decode() for step in steps]}
    return JsonResponse(proof, headers={"Cache-Control": FOR_EVER})


urlpatterns: list[URLPattern] = [
    path("checkpoint", checkpoint, name="checkpoint"),
    path("key", key, name="key"),
    path("restored", restored, name="restored"),
    path("proof/inclusion", inclusion, name="inclusion"),
    path("proof/consistency", consistency, name="consistency"),
    path("tile/<path:address>", tile, name="tile"),
]
