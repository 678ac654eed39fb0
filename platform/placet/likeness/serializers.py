"""A person's own likeness as JSON."""

from typing import get_args

from rest_framework import serializers

from placet.likeness.events import Level


class LikenessSerializer(serializers.Serializer[None]):
    is_enrolled = serializers.BooleanField()
    enrolment = serializers.CharField(allow_blank=True, help_text="`requested`, `enrolled`, or the code of a refusal.")
    level = serializers.ChoiceField(choices=get_args(Level))
    is_revoked = serializers.BooleanField()
    allowed = serializers.ListField(child=serializers.UUIDField(), help_text="Ids of people.")
    blocked = serializers.ListField(child=serializers.UUIDField(), help_text="Ids of people.")


class ConsentLevelSerializer(serializers.Serializer[None]):
    level = serializers.ChoiceField(choices=get_args(Level))


class PortraitSerializer(serializers.Serializer[None]):
    portrait = serializers.FileField(help_text="JPEG, PNG or WebP, one face, at most 10 MB.")


class RemovalSerializer(serializers.Serializer[None]):
    generation = serializers.UUIDField()
