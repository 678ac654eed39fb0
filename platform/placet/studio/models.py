"""Read model of the studio. Personal data, such as prompts and names, stays in encrypted fields of the log."""

from django.db import models


class GenerationRow(models.Model):
    """The current state of one generation."""

    generation = models.UUIDField(primary_key=True)
    requested_by = models.UUIDField()
    state = models.TextField()
    mode = models.TextField()
    parent = models.UUIDField(null=True)
    cameos = models.JSONField(default=list)
    ancestors = models.JSONField(default=list)
    code = models.TextField(default="")
    """Why it is held or refused."""
    rendered_sha256 = models.TextField(default="")
    signed_sha256 = models.TextField(default="")
    seconds = models.FloatField(default=0)
    restrictions = models.JSONField(default=dict)
    """Open restrictions: id of the event that applied it -> reason."""
    read_versions = models.JSONField(default=dict)
    """Stream -> version: the preconditions of its publication."""
    requested_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "studio_generation"
        indexes = [
            models.Index(fields=["requested_by", "-requested_at"], name="studio_generation_requester"),
            models.Index(fields=["state", "-changed_at"], name="studio_generation_state"),
        ]


class GenerationLinkRow(models.Model):
    """A person whom a generation depicts, or an ancestor of it: one row each, so that a cascade is one query."""

    id = models.TextField(primary_key=True)
    generation = models.UUIDField()
    kind = models.TextField()
    """`person` or `ancestor`."""
    target = models.UUIDField()
    requested_by = models.UUIDField()

    class Meta:
        db_table = "studio_generation_link"
        indexes = [models.Index(fields=["kind", "target"], name="studio_generation_link_target")]
