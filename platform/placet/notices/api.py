"""Notices over HTTP."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from placet.notices.queries import notices_of
from placet.notices.serializers import NoticeSerializer
from placet.people.rest import ApiEndpoint, documented


class Notices(ApiEndpoint):
    permissions: ClassVar = {"GET": "notices.view"}

    @documented("notices_list", NoticeSerializer(many=True))
    def get(self, _request: Request) -> Response:
        """Every use of your likeness, newest first. Numbers have no gaps: store the last one and check."""
        return Response([NoticeSerializer(notice).data for notice in notices_of(self.actor)])
