"""The feed over HTTP."""

from typing import Any, ClassVar, Final

from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from placet.feed.models import FeedRow
from placet.feed.queries import newest
from placet.feed.serializers import FeedClipSerializer
from placet.people.queries import display_name, people
from placet.people.rest import ApiEndpoint, documented
from placet.ui.region import region_of

PAGE_SIZE: Final = 20


class Feed(ApiEndpoint):
    permissions: ClassVar = {"GET": "feed.view"}

    @extend_schema(
        parameters=[OpenApiParameter("before", int, description="Position of the last clip of the previous page.")]
    )
    @documented("feed_list", FeedClipSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The public feed, newest first."""
        rows = newest(region_of(request.headers), _before(request.query_params.get("before")), PAGE_SIZE)
        known = people([str(row.requested_by) for row in rows])
        return Response([_clip(row, display_name(known, str(row.requested_by))) for row in rows])


def _before(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise serializers.ValidationError({"before": ["Send a position: a whole number."]})
    return int(text)


def _clip(row: FeedRow, by: str) -> dict[str, Any]:
    return {
        "id": row.generation,
        "by": by,
        "clip": reverse("studio:clip", args=[row.generation]),
        "seconds": row.seconds,
        "parent": row.parent,
        "published_at": row.published_at,
        "position": row.position,
    }
