"""Every request has an id of its own: in each log line about it, and in the answer, so that people can name it."""

import uuid
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from placet.eventlog.store.log_context import log_context

HEADER = "X-Request-Id"


class RequestIds:
    """Middleware, the outermost: what a caller sends as an id is not taken over, for it would be written to logs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.placet_id = str(uuid.uuid4())  # type: ignore[attr-defined]  # read by `log_lines`
        with log_context(request.placet_id):  # type: ignore[attr-defined]  # set one line above
            answer = self.get_response(request)
        answer[HEADER] = request.placet_id  # type: ignore[attr-defined]  # set above
        return answer
