"""Every address, room by room. Views get here what their room may not import."""

from django.urls import URLPattern, URLResolver, include, path

from placet.likeness.commands import record_download
from placet.operations.monitoring.views import metrics, readyz
from placet.rights import urls as rights
from placet.studio import urls as studio
from placet.web import transparency_log
from placet.web.engine_vocabulary import engine_words
from placet.web.timeline import timeline_of
from placet.web.views import healthz, promises

handler400 = "placet.web.rest.handlers.bad_request"
handler403 = "placet.web.rest.handlers.permission_denied"
handler404 = "placet.web.rest.handlers.not_found"
handler500 = "placet.web.rest.handlers.server_error"
urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("promises/", promises, name="promises"),
    path("log/", include((transparency_log.urlpatterns, "log"))),
    path("", include("placet.feed.urls")),
    path("", include("placet.people.urls")),
    path("", include(studio.addresses(timeline_of, record_download))),
    path("likeness/", include("placet.likeness.urls")),
    path("notices/", include("placet.notices.urls")),
    path("opt-outs/", include(rights.addresses(engine_words))),
    path("", include("moderation.urls")),
    path("api/", include("placet.web.rest.urls")),
]
