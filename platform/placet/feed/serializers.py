"""The feed as JSON."""

from rest_framework import serializers


class FeedClipSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    by = serializers.CharField()
    clip = serializers.CharField(help_text="The URL of the clip; it is served while the clip is visible.")
    seconds = serializers.FloatField()
    parent = serializers.UUIDField(allow_null=True)  # type: ignore[assignment]  # collected, not assigned
    published_at = serializers.DateTimeField()
    position = serializers.IntegerField(help_text="Send it as `before` to get the next page.")
