"""Views of no room: the list of engines, and unknown addresses."""

from dataclasses import asdict
from typing import Any, ClassVar

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from placet.people.rest import ApiEndpoint, documented


class EngineSerializer(serializers.Serializer[None]):
    engine = serializers.CharField()
    version = serializers.CharField()
    modes = serializers.ListField(child=serializers.CharField())
    sizes = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))
    max_seconds = serializers.FloatField()
    has_sound = serializers.BooleanField()
    vocabulary = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    licence = serializers.CharField()
    excluded_territories = serializers.ListField(child=serializers.CharField())
    is_renderer = serializers.BooleanField(help_text="Renders by rules, without a trained model.")
    label = serializers.CharField(  # type: ignore[assignment]  # declared fields are collected, not assigned
        help_text="Shown wherever the engine is named."
    )


class EngineList(ApiEndpoint):
    permissions: ClassVar = {"GET": "feed.view"}

    @documented("engines_list", EngineSerializer(many=True))
    def get(self, _request: Request) -> Response:
        """What each engine can render, and under which terms."""
        from generator.registry import engine_named

        return Response([asdict(engine_named(name).capabilities()) for name in settings.ENGINES])


class Nowhere(ApiEndpoint):
    @extend_schema(exclude=True)
    def initial(self, request: Request, *args: Any, **named: Any) -> None:  # noqa: ARG002  the framework's signature
        """Every method of an unknown address."""
        raise NotFound
