"""Texts of notices: the same in the app, in mail and on the command line."""

from django.utils.translation import gettext as _


def subject_of(stage: str, number: int) -> str:
    """The subject line of a notice."""
    return _("Notice %(number)s: %(what)s") % {"number": number, "what": stage_text(stage)}


def stage_text(stage: str) -> str:
    """What happened to a likeness, in plain words."""
    return {
        "requested": _("a clip with you was requested"),
        "draft": _("a draft that shows you is finished"),
        "published": _("a clip that shows you was published"),
        "blocked": _("an attempt to use your likeness was blocked"),
        "downloaded": _("a clip that shows you was downloaded"),
    }[stage]


def text_of(stage: str, requested_by: str, inbox: str) -> str:
    """The body of a mail: what happened, who requested it, and the link to the inbox."""
    return _(
        "%(what)s.\n\nRequested by: %(who)s\n\n"
        "In your inbox you can take this one clip down, or block the requester:\n%(inbox)s\n"
    ) % {"what": stage_text(stage).capitalize(), "who": requested_by, "inbox": inbox}
