"""Filings as JSON: the same for the API and the command line."""

from rest_framework import serializers

from placet.rights.commands import LONGEST_DESCRIPTION, LONGEST_NAME, MOST_NAMES
from placet.rights.models import FilingRow


class FilingSerializer(serializers.ModelSerializer[FilingRow]):
    id = serializers.UUIDField(source="filing")

    class Meta:
        model = FilingRow
        fields = (
            "id", "names", "description", "acts", "regions", "until", "state", "reason",
            "filed_at", "in_force_at", "ended_at", "stopped", "matches",
        )  # fmt: skip


class FilingRequestSerializer(serializers.Serializer[None]):
    names = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_NAME), min_length=1, max_length=MOST_NAMES,
        help_text="The character or work first, then its aliases.",
    )  # fmt: skip
    description = serializers.CharField(max_length=LONGEST_DESCRIPTION, required=False, default="", allow_blank=True)
    acts = serializers.MultipleChoiceField(choices=["generation", "training"], required=False)
    regions = serializers.ListField(child=serializers.CharField(max_length=2), required=False)
    until = serializers.CharField(max_length=40, required=False, allow_null=True, default=None)
    statement = serializers.CharField(max_length=10_000, required=False, default="", allow_blank=True)


class FilingStateSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    state = serializers.CharField()
    reason = serializers.CharField(help_text="Why it waits for a reviewer; empty when it does not.", allow_blank=True)
