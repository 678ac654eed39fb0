"""The studio's read model. No prompt, no name: what is personal stays sealed in the log."""

from django.db import models


class GenerationRow(models.Model):
    """One generation as it stands."""

    generation = models.UUIDField(primary_key=True)
    requested_by = models.UUIDField()
    state = models.TextField()
    mode = models.TextField()
    parent = models.UUIDField(null=True)
    cameos = models.JSONField(default=list)
    ancestors = models.JSONField(default=list)
    code = models.TextField(default="")
    """Why it is held or refused."""
    made_sha256 = models.TextField(default="")
    signed_sha256 = models.TextField(default="")
    seconds = models.FloatField(default=0)
    standing = models.JSONField(default=dict)
    """Open reasons: id of the event that opened it -> reason."""
    ground = models.JSONField(default=dict)
    """What its publication rests on."""
    requested_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "studio_generation"
        indexes = [
            models.Index(fields=["requested_by", "-requested_at"], name="generation_by_asker"),
            models.Index(fields=["state", "-changed_at"], name="generation_by_state"),
        ]


class GenerationLinkRow(models.Model):
    """Who is shown in a generation, and what it descends from: one row each, so that a cascade is one question."""

    id = models.TextField(primary_key=True)
    generation = models.UUIDField()
    kind = models.TextField()
    """`person` or `ancestor`."""
    shown = models.UUIDField()
    requested_by = models.UUIDField()

    class Meta:
        db_table = "studio_shown"
        indexes = [models.Index(fields=["kind", "shown"], name="shown_by_kind")]
