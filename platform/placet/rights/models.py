"""Read model of the rights room."""

from django.db import models


class FilingRow(models.Model):
    """The current state of one filing."""

    filing = models.UUIDField(primary_key=True)
    holder = models.UUIDField()
    names = models.JSONField(default=list)
    description = models.TextField(default="")
    acts = models.JSONField(default=list)
    regions = models.JSONField(default=list)
    until = models.TextField(default="")
    state = models.TextField(default="filed")
    reason = models.TextField(default="")
    filed_at = models.DateTimeField()
    in_force_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    matches = models.JSONField(default=list)
    """Published clips that it matched when it came into force."""
    stopped = models.IntegerField(default=0)
    """How many prompts and outputs it has blocked."""

    class Meta:
        db_table = "rights_filing"
        indexes = [models.Index(fields=["holder", "-filed_at"], name="rights_filing_holder")]
