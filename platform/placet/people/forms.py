"""What people type to join."""

from django import forms
from django.utils.translation import gettext_lazy as _

from placet.ui.forms import CommandForm


class EraseForm(CommandForm):
    is_sure = forms.BooleanField(label=_("I understand that this cannot be taken back, by me or by anybody else."))


class JoinForm(CommandForm):
    name = forms.CharField(
        label=_("Your name"),
        max_length=80,
        help_text=_("How others see you, and how they ask for you."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Mail address"),
        required=False,
        help_text=_("For notices of every use of your likeness. Kept sealed; you may leave it empty."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
