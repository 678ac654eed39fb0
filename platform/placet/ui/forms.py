"""Base of every form: a command id, so that a form sent twice is one command."""

from typing import Any
from uuid import uuid4

from django import forms
from django.http import HttpRequest

from placet.kernel.refusal import Refusal


class CommandForm(forms.Form):
    """A form for one command."""

    command = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    @property
    def command_id(self) -> str:
        """The command id; the same each time that the form is sent."""
        return str(self.cleaned_data["command"])

    def refuse(self, refusal: Refusal) -> None:
        """Show the refusal and its hint above the fields."""
        self.add_error(None, f"{refusal} {refusal.hint}")


def command_of(request: HttpRequest) -> str:
    """The command id of a form that is one button; a new one when it has none."""
    form = CommandForm(request.POST)
    return form.command_id if form.is_valid() else str(uuid4())
