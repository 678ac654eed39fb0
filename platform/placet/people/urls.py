"""URLs of the people room."""

from django.urls import path

from placet.people import views

app_name = "people"
urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-in/<uuid:nonce>/<str:token>/", views.sign_in_link, name="sign-in-link"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("join/<str:code>/", views.join, name="join"),
    path("forget-me/", views.erase, name="erase"),
    path("forgotten/", views.erased, name="erased"),
    path("invites/", views.invites, name="invites"),
]
