"""What the rights room refuses, in words."""

from placet.kernel.refusal import Refusal


class FilingUnusable(Refusal):
    code = "filing_unusable"
    hint = "Name at least one character or work (1 to 200 characters); aliases and a description are optional."


class NoSuchFiling(Refusal):
    code = "no_such_filing"
    hint = "See your filings: `placet opt-out list`, or the filing page."
    status = 404


class NotYourFiling(Refusal):
    code = "not_your_filing"
    hint = "Only whoever filed an opt-out, or an operator, can end it."
    status = 403
