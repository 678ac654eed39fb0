"""What every form has: a command id, so that a form sent twice is one command."""

from typing import Any
from uuid import uuid4

from django import forms

from placet.eventlog.refusal import Refusal


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
        self.add_error(None, f"{refusal} {refusal.advice}")
