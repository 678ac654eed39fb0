"""Serializers that the APIs of all rooms share."""

from rest_framework import serializers


class ErrorSerializer(serializers.Serializer[None]):
    """RFC 9457 problem details: the form of every error, whatever its status."""

    type = serializers.CharField(help_text="`about:blank`: `code` identifies the problem.")
    title = serializers.CharField(help_text="The phrase of the HTTP status.")
    status = serializers.IntegerField(help_text="The HTTP status.")
    detail = serializers.CharField(help_text="What happened this time.")
    code = serializers.CharField(help_text="Stable, explained in docs/refusals.md.")
    hint = serializers.CharField(help_text="What to do next.")


class StatusSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    state = serializers.CharField()
