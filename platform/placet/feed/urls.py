"""URLs of the feed."""

from django.urls import path

from placet.feed import views

app_name = "feed"
urlpatterns = [
    path("", views.feed, name="feed"),
    path("clips/<uuid:generation>/", views.clip, name="clip"),
]
