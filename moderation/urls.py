"""URLs of the review pages, of appeals and of reports."""

from django.urls import path

from moderation import views

app_name = "moderation"
urlpatterns = [
    path("review/", views.queue, name="queue"),
    path("review/<uuid:case>/", views.case, name="case"),
    path("review/<uuid:case>/decide/", views.decide, name="decide"),
    path("review/<uuid:case>/clip.mp4", views.clip, name="clip"),
    path("generations/<uuid:generation>/appeal/", views.appeal, name="appeal"),
    path("clips/<uuid:generation>/report/", views.report, name="report"),
]
