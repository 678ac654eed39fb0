"""What people choose and hand in about their likeness."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from placet.ui.forms import CommandForm

LARGEST_PORTRAIT_BYTES = 10 * 1024 * 1024
LEVELS = [
    ("only_me", _("Only me"), _("Nobody else may ask for a clip with you.")),
    ("approved", _("People I approve"), _("Those on your list below, and you.")),
    ("mutuals", _("Mutuals"), _("People whom you follow and who follow you, and those on your list.")),
    ("everyone", _("Everyone"), _("Anyone here may ask, except people you block.")),
]


class PortraitForm(CommandForm):
    portrait = forms.FileField(
        label=_("A portrait"),
        help_text=_("One clear picture of your face alone: JPEG, PNG or WebP, at most 10 MB."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )
    agrees = forms.BooleanField(label=_("This is my own face, and I want it to be known here."))

    def clean_portrait(self) -> Any:
        """Size is judged here, content in a closed-in child."""
        portrait = self.cleaned_data["portrait"]
        if portrait.size > LARGEST_PORTRAIT_BYTES:
            raise forms.ValidationError(_("This picture is larger than 10 MB."))
        return portrait


class LevelForm(CommandForm):
    level = forms.ChoiceField(choices=[(value, name) for value, name, _said in LEVELS])


class PersonForm(CommandForm):
    """One person and what to do about them: by id from a list, or by name as typed."""

    person = forms.UUIDField(required=False)
    name = forms.CharField(label=_("Name"), required=False, max_length=80)
    act = forms.ChoiceField(choices=[("allow", ""), ("withdraw", ""), ("block", "")])
