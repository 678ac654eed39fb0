"""The feed as JSON."""

from rest_framework import serializers


class ClipShown(serializers.Serializer[None]):
    id = serializers.UUIDField()
    by = serializers.CharField()
    clip = serializers.CharField(help_text="Where its bytes are served while it may be shown.")
    seconds = serializers.FloatField()
    parent = serializers.UUIDField(allow_null=True)  # type: ignore[assignment]  # collected, not assigned
    published_at = serializers.DateTimeField()
    position = serializers.IntegerField(help_text="`before` of the next page.")
