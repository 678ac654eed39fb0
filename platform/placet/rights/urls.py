"""URLs of the rights room. `addresses` takes the engine's vocabulary, which only the wiring knows."""

from django.urls import URLPattern, path

from placet.rights import views

app_name = "rights"


def addresses(vocabulary: views.Vocabulary) -> tuple[list[URLPattern], str]:
    """The arguments of `include`."""
    return [
        path("", views.filings, {"vocabulary": vocabulary}, name="filings"),
        path("<uuid:filing>/", views.filing, name="filing"),
        path("<uuid:filing>/end/", views.end, name="end"),
    ], app_name
