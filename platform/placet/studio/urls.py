"""URLs of the studio. `addresses` takes what other rooms provide: timelines, and the recording of downloads."""

from django.urls import URLPattern, path

from placet.studio import media_views, views

app_name = "studio"


def addresses(
    timeline_of: views.TimelineOf, record_download: media_views.RecordDownload
) -> tuple[list[URLPattern], str]:
    """The arguments of `include`."""
    return [
        path("create/", views.create, name="create"),
        path("drafts/", views.drafts, name="drafts"),
        path("generations/<uuid:generation>/", views.generation, name="generation"),
        path("generations/<uuid:generation>/publish/", views.publish, name="publish"),
        path("generations/<uuid:generation>/cancel/", views.cancel, name="cancel"),
        path("timeline/<uuid:generation>/", views.timeline, {"timeline_of": timeline_of}, name="timeline"),
        path("media/<uuid:generation>.mp4", media_views.clip, {"record_download": record_download}, name="clip"),
        path("drafts/<uuid:generation>.mp4", media_views.draft, name="draft"),
    ], app_name
