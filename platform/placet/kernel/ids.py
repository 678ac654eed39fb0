"""Ids as types, so that a person cannot be passed where a generation is meant. All are lower-case UUID text."""

from typing import NewType

PersonId = NewType("PersonId", str)
GenerationId = NewType("GenerationId", str)
CaseId = NewType("CaseId", str)
FilingId = NewType("FilingId", str)
ReportId = NewType("ReportId", str)
EventId = NewType("EventId", str)
