"""URLs of the notices room."""

from django.urls import path

from placet.notices import views

app_name = "notices"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("count/", views.count, name="count"),
]
