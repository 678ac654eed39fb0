"""The region of a request, as a two-letter code: licences and filings may be limited to regions."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

UNKNOWN: Final = "XX"
_CODE: Final = re.compile(r"[A-Z]{2}")


def region_of(headers: Mapping[str, str]) -> str:
    """The region from the proxy's header that `PLACET_REGION_HEADER` names; without one, the install's own region."""
    header: str = settings.PLACET_REGION_HEADER
    code = headers.get(header, "").upper() if header else settings.PLACET_DEFAULT_REGION
    return code if _CODE.fullmatch(code) else UNKNOWN


def unavailable_in_region(request: HttpRequest) -> HttpResponse:
    """451: the clip is not available in the reader's region. The response is not cached."""
    response = render(request, "ui/not_here.html", status=451)
    response["Cache-Control"] = "private, no-store"
    return response


def is_barred(territories: Collection[str], region: str) -> bool:
    """Whether a region is among the excluded territories. An unknown region is excluded."""
    return bool(territories) and region in {*territories, UNKNOWN}
