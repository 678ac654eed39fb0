"""Read model of the likeness room."""

from django.db import models


class LikenessRow(models.Model):
    """The current consent of one person."""

    person = models.UUIDField(primary_key=True)
    is_enrolled = models.BooleanField(default=False)
    template = models.TextField(default="")
    model = models.TextField(default="")
    level = models.TextField(default="approved")
    grants = models.JSONField(default=list)
    blocked = models.JSONField(default=list)
    is_revoked = models.BooleanField(default=False)
    enrolment = models.TextField(default="")
    """`requested`, `enrolled`, or the code of the refusal."""

    class Meta:
        db_table = "likeness_person"


class UseRow(models.Model):
    """One use of a likeness, by its number."""

    id = models.TextField(primary_key=True)
    person = models.UUIDField()
    number = models.IntegerField()
    generation = models.UUIDField()
    requested_by = models.UUIDField()
    stage = models.TextField()
    parent = models.UUIDField(null=True)
    code = models.TextField(default="")
    is_summary = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        db_table = "likeness_use"
        indexes = [models.Index(fields=["person", "-number"], name="likeness_use_person")]
