"""Forms of the likeness page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from placet.ui.forms import CommandForm

LARGEST_PORTRAIT_BYTES = 10 * 1024 * 1024
LEVELS = [
    ("only_me", _("Only me"), _("Nobody else may request a clip with you.")),
    ("approved", _("People I approve"), _("The people on your list below, and you.")),
    ("mutuals", _("Mutuals"), _("People whom you follow and who follow you, and the people on your list.")),
    ("everyone", _("Everyone"), _("Anyone here may request a clip with you, except people you block.")),
]


class PortraitForm(CommandForm):
    portrait = forms.FileField(
        label=_("A portrait"),
        help_text=_("One clear picture of your face alone: JPEG, PNG or WebP, at most 10 MB."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )
    agrees = forms.BooleanField(label=_("This is my own face, and I want to enrol it here."))

    def clean_portrait(self) -> Any:
        """Checks the size; the sandbox checks the content."""
        portrait = self.cleaned_data["portrait"]
        if portrait.size > LARGEST_PORTRAIT_BYTES:
            raise forms.ValidationError(_("This picture is larger than 10 MB."))
        return portrait


class LevelForm(CommandForm):
    level = forms.ChoiceField(choices=[(value, name) for value, name, _help in LEVELS])


class PersonForm(CommandForm):
    """One person, by id or by name, and the action: allow, withdraw or block."""

    person = forms.UUIDField(required=False)
    name = forms.CharField(label=_("Name"), required=False, max_length=80)
    act = forms.ChoiceField(choices=[("allow", ""), ("withdraw", ""), ("block", "")])
