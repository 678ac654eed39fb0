"""Ids as types: a type checker refuses a person where a generation is expected. All are lower-case UUID text."""

import uuid
from typing import NewType

from placet.kernel.refusal import Refusal

PersonId = NewType("PersonId", str)
GenerationId = NewType("GenerationId", str)
CaseId = NewType("CaseId", str)
FilingId = NewType("FilingId", str)
ReportId = NewType("ReportId", str)
EventId = NewType("EventId", str)


class MalformedId(Refusal):
    code = "malformed_id"
    hint = "Ids are UUIDs, as returned by an earlier call."
    status = 404


def parse_uuid(text: str) -> str:
    """Returns the canonical form of a received id. Raises `MalformedId`."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise MalformedId(f"{text[:80]!r} is not an id.") from None
