"""What every form has: a command id, so that a form sent twice is one command."""

from typing import Any
from uuid import uuid4

from django import forms
from django.http import HttpRequest

from placet.kernel.refusal import Refusal


class CommandForm(forms.Form):
    """A form that leads to one command."""

    command = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    @property
    def command_id(self) -> str:
        """The id under which the command is written, however often the form is sent."""
        return str(self.cleaned_data["command"])

    def refuse(self, refusal: Refusal) -> None:
        """Say above the fields why nothing was written, and what to do."""
        self.add_error(None, f"{refusal} {refusal.hint}")


def command_of(request: HttpRequest) -> str:
    """The command id of a form that is one button; a fresh one when it came without."""
    form = CommandForm(request.POST)
    return form.command_id if form.is_valid() else str(uuid4())
