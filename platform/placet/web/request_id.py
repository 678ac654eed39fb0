"""Every request has an id: in each log line about it, and in the response, so that people can quote it."""

import uuid
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from placet.eventlog.store.log_context import log_context

HEADER = "X-Request-Id"


class RequestIds:
    """The outermost middleware. An id that the caller sends is ignored: it would be written to logs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.placet_id = str(uuid.uuid4())  # type: ignore[attr-defined]  # read by `log_lines`
        with log_context(request.placet_id):  # type: ignore[attr-defined]  # set one line above
            response = self.get_response(request)
        response[HEADER] = request.placet_id  # type: ignore[attr-defined]  # set above
        return response
