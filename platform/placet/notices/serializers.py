"""Notices as JSON: the same for the API and the command line."""

from rest_framework import serializers

from placet.notices.queries import Notice


class NoticeSerializer(serializers.Serializer[Notice]):
    number = serializers.IntegerField(help_text="Per person, without gaps.")
    stage = serializers.CharField()
    generation = serializers.UUIDField()
    at = serializers.DateTimeField()
    requested_by = serializers.CharField()
    code = serializers.CharField(allow_blank=True, help_text="Why it was blocked; empty when it was not.")
    is_summary = serializers.BooleanField()
