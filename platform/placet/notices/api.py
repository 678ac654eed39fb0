"""Notices over HTTP."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from placet.notices.queries import notices_of
from placet.notices.serializers import NoticeShown
from placet.people.rest import Endpoint, answers


class Notices(Endpoint):
    needs: ClassVar = {"GET": "notices.read"}

    @answers("notices_list", NoticeShown(many=True))
    def get(self, _request: Request) -> Response:
        """Every use of your likeness, newest first. Numbers have no gaps: keep the last one, and check."""
        return Response([NoticeShown(notice).data for notice in notices_of(self.actor)])
