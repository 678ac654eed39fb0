"""Every address under `/api/v1/`."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from moderation import api as moderation
from placet.feed import api as feed
from placet.likeness import api as likeness
from placet.notices import api as notices
from placet.people import api as people
from placet.rights import api as rights
from placet.studio import api as studio
from placet.web.engine_vocabulary import engine_words
from placet.web.rest import views
from placet.web.rest.receipts import Receipts

V1 = [
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("engines", views.EngineList.as_view(), name="engines"),
    path("generations", studio.Generations.as_view(), name="generations"),
    path("generations/<str:generation>", studio.GenerationDetail.as_view(), name="generation"),
    path("generations/<str:generation>/publish", studio.Publication.as_view(), name="publish"),
    path("generations/<str:generation>/cancel", studio.Cancellation.as_view(), name="cancel"),
    path("generations/<str:generation>/appeals", moderation.Appeal.as_view(), name="appeals"),
    path("generations/<str:generation>/reports", moderation.Reports.as_view(), name="reports"),
    path("likeness", likeness.Likeness.as_view(), name="likeness"),
    path("likeness/portrait", likeness.Portrait.as_view(), name="portrait"),
    path("likeness/level", likeness.LevelOfConsent.as_view(), name="level"),
    path("likeness/grants/<str:to>", likeness.Grant.as_view(), name="grant"),
    path("likeness/blocks/<str:requester>", likeness.Block.as_view(), name="block"),
    path("likeness/revoke", likeness.Revocation.as_view(), name="revoke"),
    path("likeness/removals", likeness.Removal.as_view(), name="removals"),
    path("account/erase", people.Erasure.as_view(), name="erase"),
    path("notices", notices.Notices.as_view(), name="notices"),
    path("opt-outs", rights.OptOuts.as_view(engine_words=engine_words), name="opt-outs"),
    path("opt-outs/<str:filing>", rights.OptOut.as_view(), name="opt-out"),
    path("cases", moderation.Cases.as_view(), name="cases"),
    path("cases/<str:case>/decision", moderation.CaseDecision.as_view(), name="decision"),
    path("receipts/<str:event>", Receipts.as_view(), name="receipt"),
    path("receipts/<str:event>/", Receipts.as_view(schema=None), name="receipt-with-slash"),
    path("feed", feed.Feed.as_view(), name="feed"),
    re_path("", views.Nowhere.as_view(), name="nowhere"),
]
urlpatterns = [path("v1/", include((V1, "api")))]
