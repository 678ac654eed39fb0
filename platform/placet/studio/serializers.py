"""Generations as JSON: the same for the API and the command line."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from rest_framework import serializers

from placet.studio.commands import LONGEST_PROMPT
from placet.studio.request_input import LARGEST_IMAGE_BYTES, SIZES
from placet.studio.view_model import GenerationView


class GenerationRequestSerializer(serializers.Serializer[None]):
    prompt = serializers.CharField(max_length=LONGEST_PROMPT)
    likenesses = serializers.ListField(
        child=serializers.CharField(max_length=80), max_length=10, required=False, help_text="Names of people to show."
    )
    parent = serializers.UUIDField(  # type: ignore[assignment]  # declared fields are collected, not assigned
        required=False, allow_null=True, default=None, help_text="Remix this clip."
    )
    extends = serializers.BooleanField(
        required=False, default=False, help_text="Continue from the end of the parent, instead of remixing it."
    )
    image = serializers.FileField(required=False, allow_null=True, default=None, help_text="Start from this picture.")
    seconds = serializers.FloatField(required=False, default=4.0, help_text="1 to 10.")
    size = serializers.ChoiceField(choices=sorted(SIZES), required=False, default="portrait")
    engine = serializers.ChoiceField(
        choices=list(settings.ENGINES),
        required=False,
        help_text="See `/engines`; the default engine of this site when absent.",
    )

    def validate_image(self, image: Any) -> Any:
        if image is not None and image.size > LARGEST_IMAGE_BYTES:
            raise serializers.ValidationError("Send at most 10 MB.")
        return image


class RefusalSerializer(serializers.Serializer[None]):
    code = serializers.CharField()
    rule = serializers.CharField()
    evidence = serializers.ListField(
        child=serializers.DictField(), help_text="Spans of the prompt, or seconds of the clip."
    )
    claimant = serializers.CharField()
    what_would_pass = serializers.CharField(allow_blank=True)
    appeal_deadline = serializers.DateField()


class GenerationSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    state = serializers.CharField()
    prompt = serializers.CharField(help_text="For its requester and for reviewers.")
    parent = serializers.UUIDField(allow_null=True)  # type: ignore[assignment]  # collected, not assigned
    seconds = serializers.FloatField()
    verdicts = serializers.DictField(child=serializers.CharField(), help_text="Check -> clear, hold or block.")
    refusal = RefusalSerializer(allow_null=True)
    held = serializers.DictField(child=serializers.CharField(), allow_null=True)
    failure = serializers.DictField(child=serializers.CharField(), allow_null=True)
    nearest = serializers.ListField(
        child=serializers.CharField(), help_text="Similar prompts that the engine can draw."
    )
    standing = serializers.ListField(child=serializers.CharField(), help_text="Open restrictions.")


class GenerationRowSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField(source="generation")
    state = serializers.CharField()
    code = serializers.CharField(allow_blank=True)
    requested_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)


def to_json(view: GenerationView, prompt: str) -> dict[str, Any]:
    """The view as JSON with its prompt, for readers who may see the prompt."""
    facts = {"prompt": prompt, **asdict(view)}
    return {name: facts[name] for name in map(str, GenerationSerializer().fields)}
