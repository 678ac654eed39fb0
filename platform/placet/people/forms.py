"""Forms to join and to request an erasure."""

from django import forms
from django.utils.translation import gettext_lazy as _

from placet.ui.forms import CommandForm


class EraseForm(CommandForm):
    is_sure = forms.BooleanField(label=_("I understand that this cannot be undone, by me or by anybody else."))


class JoinForm(CommandForm):
    name = forms.CharField(
        label=_("Your name"),
        max_length=80,
        help_text=_("How others see you, and the name under which they request clips with you."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Email address"),
        required=False,
        help_text=_("For notices of every use of your likeness. Stored encrypted; optional."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
