"""What the likeness room refuses, in words."""

from placet.kernel.refusal import Refusal


class NoLikeness(Refusal):
    code = "likeness_unknown"
    hint = "Enrol a likeness first: `placet likeness enrol FILE`, or the likeness page."
    status = 404


class NotDepicted(Refusal):
    code = "not_shown_in_it"
    hint = "Only a person whom a clip shows can remove it."
    status = 403


class PortraitUnusable(Refusal):
    code = "portrait_unusable"
    hint = "Send one JPEG, PNG or WebP picture of at most 10 MB that shows one face clearly."
