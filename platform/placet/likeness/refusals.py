"""Refusals of the likeness room."""

from placet.kernel.refusal import Refusal


class NoLikeness(Refusal):
    code = "likeness_unknown"
    hint = "Enrol a likeness first: `placet likeness enrol FILE`, or the likeness page."
    status = 404


class NotDepicted(Refusal):
    code = "not_depicted"
    hint = "Only a person whom a clip shows can remove it."
    status = 403
