"""Read model of the review queue. What people wrote stays encrypted in the log."""

from django.db import models


class CaseRow(models.Model):
    """The current state of one case."""

    case = models.UUIDField(primary_key=True)
    kind = models.TextField()
    subject = models.TextField()
    code = models.TextField()
    rule = models.TextField()
    is_zero_tolerance = models.BooleanField(default=False)
    excluded_reviewers = models.JSONField(default=list)
    opened_by_event = models.TextField(default="")
    opened_at = models.DateTimeField()
    version = models.IntegerField()
    decision = models.TextField(default="")
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "moderation_case"
        indexes = [models.Index(fields=["decision", "opened_at"], name="moderation_case_queue")]
