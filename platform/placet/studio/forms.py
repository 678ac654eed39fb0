"""Form to request a clip."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from placet.studio.commands import LONGEST_PROMPT
from placet.studio.request_input import LARGEST_IMAGE_BYTES, GenerationInput
from placet.ui.forms import CommandForm

SECONDS = [
    ("2", _("2 seconds")),
    ("4", _("4 seconds")),
    ("6", _("6 seconds")),
    ("8", _("8 seconds")),
    ("10", _("10 seconds")),
]
SIZES = [
    ("portrait", _("Upright, 360 by 640")),
    ("landscape", _("Wide, 640 by 360")),
    ("portrait-hd", _("Upright, 720 by 1280")),
    ("landscape-hd", _("Wide, 1280 by 720")),
]


ENGINES = {"small": _("A small trained model"), "scene": _("A renderer: drawn from rules")}


def engines() -> list[tuple[str, Any]]:
    """Name and label of each engine, the default first."""
    names = sorted(settings.ENGINES, key=lambda name: name != settings.PLACET_DEFAULT_ENGINE)
    return [(name, ENGINES.get(name, name)) for name in names]


class GenerationRequestForm(CommandForm):
    prompt = forms.CharField(
        label=_("What happens?"),
        max_length=LONGEST_PROMPT,
        strip=False,
        help_text=_("Each line is a scene that continues the one before."),
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": _("A red ball bounces twice and rolls away")}),
    )
    likenesses = forms.CharField(
        label=_("Who is in it?"),
        required=False,
        max_length=400,
        help_text=_("Names, separated by commas. Each person must have approved you and gets a notice, of drafts too."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-names": ""}),
    )
    image = forms.FileField(
        label=_("A picture to start from"),
        required=False,
        help_text=_("JPEG, PNG or WebP, at most 10 MB. A face in it needs its person's consent."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )
    seconds = forms.ChoiceField(label=_("Length"), choices=SECONDS, initial="4")
    size = forms.ChoiceField(label=_("Shape"), choices=SIZES, initial="portrait")
    engine = forms.ChoiceField(label=_("Made by"), choices=engines, required=False)
    remix = forms.UUIDField(required=False, widget=forms.HiddenInput)
    extends = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean_image(self) -> Any:
        """Checks the size; the sandbox checks the content."""
        image = self.cleaned_data["image"]
        if image and image.size > LARGEST_IMAGE_BYTES:
            raise forms.ValidationError(_("This picture is larger than 10 MB."))
        return image

    def generation_input(self) -> GenerationInput:
        """The fields as input of `to_command`."""
        typed = self.cleaned_data
        names = tuple(name for part in typed["likenesses"].split(",") if (name := part.strip()))
        image = typed["image"].read() if typed["image"] else None
        remix = str(typed["remix"]) if typed["remix"] else None
        return GenerationInput(
            typed["prompt"], names, remix, typed["extends"], image, float(typed["seconds"]), typed["size"],
            typed["engine"],
        )  # fmt: skip
