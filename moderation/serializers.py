"""Cases as JSON: the same for the API and the command line."""

from typing import get_args

from rest_framework import serializers

from moderation.events import Decision
from moderation.models import CaseRow

MAX_CHARACTERS = 5_000


class CaseSerializer(serializers.ModelSerializer[CaseRow]):
    id = serializers.UUIDField(source="case")

    class Meta:
        model = CaseRow
        fields = (
            "id",
            "kind",
            "subject",
            "code",
            "rule",
            "is_zero_tolerance",
            "opened_at",
            "version",
            "decision",
            "decided_at",
        )


class DecisionSerializer(serializers.Serializer[None]):
    decision = serializers.ChoiceField(choices=get_args(Decision))
    reason = serializers.CharField(max_length=MAX_CHARACTERS)
    version = serializers.IntegerField(min_value=1, help_text="The case's version as you read it.")


class AppealSerializer(serializers.Serializer[None]):
    words = serializers.CharField(max_length=MAX_CHARACTERS, help_text="Why the refusal is wrong, in your own words.")


class ReportSerializer(serializers.Serializer[None]):
    reason = serializers.CharField(max_length=100)
    words = serializers.CharField(max_length=MAX_CHARACTERS, required=False, default="", allow_blank=True)
