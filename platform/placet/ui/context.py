"""Template context of every page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def install(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001  Django's signature
    """The origin of live updates, and the label for a likeness."""
    return {"live_origin": settings.PLACET_SSE_ORIGIN, "likeness_word": settings.PLACET_LIKENESS_LABEL}
