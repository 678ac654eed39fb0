"""Refusals: a code that can be looked up, what happened, and what to do next."""

from typing import Any, ClassVar

from placet.kernel.problem import Problem


class Refusal(Exception):
    """Root of every typed refusal. Nothing was written unless the message says so."""

    code: ClassVar[str] = "refused"
    hint: ClassVar[str] = ""
    status: ClassVar[int] = 422
    """HTTP status."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or type(self).__doc__ or self.code)

    @property
    def message(self) -> str:
        """What happened: the same words for the API, the page and the command line."""
        return str(self)

    def to_json(self) -> dict[str, Any]:
        """RFC 9457 problem details."""
        return Problem(self.status, self.code, self.message, self.hint).to_json()
