"""URLs of the likeness room."""

from django.urls import path

from placet.likeness import views

app_name = "likeness"
urlpatterns = [
    path("", views.likeness, name="likeness"),
    path("enrol/", views.enrol, name="enrol"),
    path("level/", views.set_level, name="level"),
    path("people/", views.set_person, name="people"),
    path("stop/", views.stop, name="stop"),
    path("names/", views.names, name="names"),
    path("clips/<uuid:generation>/remove/", views.remove, name="remove"),
]
