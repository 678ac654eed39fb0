"""Every address, room by room. What a room may not know of another, it is handed here."""

from django.urls import URLPattern, URLResolver, include, path

from placet.config import log_views
from placet.config.seeing.views import metrics, readyz
from placet.config.storytelling import story_of
from placet.config.views import healthz, promises
from placet.config.vocabulary import engine_words
from placet.likeness.commands import record_download
from placet.rights import urls as rights
from placet.studio import urls as studio

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("promises/", promises, name="promises"),
    path("log/", include((log_views.urlpatterns, "log"))),
    path("", include("placet.feed.urls")),
    path("", include("placet.people.urls")),
    path("", include(studio.addresses(story_of, record_download))),
    path("likeness/", include("placet.likeness.urls")),
    path("notices/", include("placet.notices.urls")),
    path("opt-outs/", include(rights.addresses(engine_words))),
    path("", include("moderation.urls")),
    path("api/", include("placet.config.api_urls")),
]
