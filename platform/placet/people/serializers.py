"""Shapes that every room's API shares."""

from rest_framework import serializers


class ErrorSerializer(serializers.Serializer[None]):
    """What every error looks like, whatever its status."""

    code = serializers.CharField(help_text="Stable, to be looked up.")
    what = serializers.CharField(help_text="What happened.")
    advice = serializers.CharField(help_text="What to do next.")


class StatusSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    state = serializers.CharField()
