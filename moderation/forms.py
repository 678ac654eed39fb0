"""Forms of appeals, reports and decisions."""

from typing import get_args

from django import forms
from django.utils.translation import gettext_lazy as _

from moderation.events import Decision
from placet.ui.forms import CommandForm

REASONS = [
    ("likeness", _("It shows a person who may not have consented")),
    ("rights", _("It shows a character or work that is not theirs")),
    ("violence", _("Violence")),
    ("sexual", _("Sexual content")),
    ("hate", _("Hate")),
    ("deception", _("It deceives about public matters")),
    ("other", _("Something else")),
]


class AppealForm(CommandForm):
    words = forms.CharField(
        label=_("Why is this wrong?"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A reviewer who has not decided on it before will read this."),
    )


class ReportForm(CommandForm):
    reason = forms.ChoiceField(label=_("What is wrong with it?"), choices=REASONS, widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("In your own words"), required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )


class DecideForm(CommandForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    decision = forms.ChoiceField(choices=[(decision, decision) for decision in get_args(Decision)])
    reason = forms.CharField(
        label=_("Your reason"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The people concerned may read this."),
    )
