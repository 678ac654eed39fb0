"""Refusals of the rights room."""

from placet.kernel.refusal import Refusal


class FilingInvalid(Refusal):
    code = "filing_invalid"
    hint = "Name at least one character or work (1 to 200 characters); aliases and a description are optional."


class FilingNotFound(Refusal):
    code = "filing_not_found"
    hint = "See your filings: `placet opt-out list`, or the filing page."
    status = 404


class NotFilingOwner(Refusal):
    code = "not_filing_owner"
    hint = "Only the person who filed an opt-out, or an operator, can end it."
    status = 403
