"""RFC 9457 problem details: the form of every error in a JSON response."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

PROBLEM_JSON: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of error. `detail`: what happened. `hint`: what to do next."""

    status: int
    code: str
    detail: str
    hint: str

    def to_json(self) -> dict[str, Any]:
        # No install serves a page about codes, so `type` is `about:blank`: RFC 9457 then requires the status phrase as
        # the title. `code`, an extension member, identifies the problem.
        return {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "hint": self.hint,
        }


RETRY: Final = "Try again in a second."
NOT_SIGNED_IN: Final = Problem(
    401, "not_signed_in", "Authentication required.", "Sign in, or send a bearer token: `placet create-token`."
)
NOT_PERMITTED: Final = Problem(
    403, "not_permitted", "Permission denied.", "Send your session's CSRF token, or a bearer token."
)
NOT_FOUND: Final = Problem(404, "not_found", "Not found.", "See /api/v1/schema.")
INTERNAL_ERROR: Final = Problem(
    500, "internal_error", "Internal server error.", "Give the operator the X-Request-Id of this response."
)
DATABASE_PROBLEM: Final = Problem(
    503, "database_unavailable", "The database does not answer; nothing was written.", RETRY
)
