"""Addresses of the rights room. `addresses` takes what only the wiring knows: the words that the engine draws."""

from django.urls import URLPattern, path

from placet.rights import views

app_name = "rights"


def addresses(vocabulary: views.Vocabulary) -> tuple[list[URLPattern], str]:
    """For `include`."""
    return [
        path("", views.filings, {"vocabulary": vocabulary}, name="filings"),
        path("<uuid:filing>/", views.filing, name="filing"),
        path("<uuid:filing>/end/", views.end, name="end"),
    ], app_name
