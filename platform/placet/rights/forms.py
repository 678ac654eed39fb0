"""Form to file an opt-out."""

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from placet.kernel.ids import PersonId
from placet.rights.commands import LONGEST_DESCRIPTION, LONGEST_NAME, FileOptOut
from placet.ui.forms import CommandForm


class FilingForm(CommandForm):
    character = forms.CharField(
        label=_("Character or work"), max_length=LONGEST_NAME, help_text=_("As people write it.")
    )
    aliases = forms.CharField(
        label=_("Other names"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One per line. Disguised spellings are found automatically."),
    )
    description = forms.CharField(
        label=_("How it looks"),
        required=False,
        max_length=LONGEST_DESCRIPTION,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Finds prompts that describe it without its name: shape, colours, special features."),
    )
    until = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: no end."),
    )
    statement = forms.CharField(
        label=_("Your right to it"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Stored encrypted, for the record: your relation to this work."),
    )

    def clean_until(self) -> date | None:
        """A filing that has already ended would block nothing."""
        until: date | None = self.cleaned_data["until"]
        if until and until <= date.today():  # noqa: DTZ011  the day in the server's time zone
            raise forms.ValidationError(_("This day has passed."))
        return until

    def filing(self, holder: PersonId) -> FileOptOut:
        """The command."""
        typed = self.cleaned_data
        aliases = tuple(name for line in typed["aliases"].splitlines() if (name := line.strip()))
        until = f"{typed['until'].isoformat()}T00:00:00+00:00" if typed["until"] else None
        names = (typed["character"].strip(), *aliases)
        return FileOptOut(
            self.command_id, holder, names, typed["description"], until=until, statement=typed["statement"]
        )
