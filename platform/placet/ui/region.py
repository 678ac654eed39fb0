"""Where somebody asks from, as a two-letter code: what licences and filings with a territory go by."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

UNKNOWN: Final = "XX"
_CODE: Final = re.compile(r"[A-Z]{2}")


def region_of(headers: Mapping[str, str]) -> str:
    """What the proxy says in the header that `PLACET_REGION_HEADER` names; else the install's own region."""
    header: str = settings.PLACET_REGION_HEADER
    said = headers.get(header, "").upper() if header else settings.PLACET_DEFAULT_REGION
    return said if _CODE.fullmatch(said) else UNKNOWN


def not_here(request: HttpRequest) -> HttpResponse:
    """That something is not shown where the reader is: 451, and kept by nobody on the way."""
    answer = render(request, "ui/not_here.html", status=451)
    answer["Cache-Control"] = "private, no-store"
    return answer


def is_barred(territories: Collection[str], region: str) -> bool:
    """Whether something that is excluded from these may not be had there. Nobody knows where: then it may not."""
    return bool(territories) and region in {*territories, UNKNOWN}
