"""The feed's read model."""

from django.db import models


class FeedRow(models.Model):
    """One published clip. It is shown while `standing` is empty."""

    generation = models.UUIDField(primary_key=True)
    position = models.BigIntegerField()
    requested_by = models.UUIDField()
    parent = models.UUIDField(null=True)
    cameos = models.JSONField(default=list)
    sha256 = models.TextField(default="")
    seconds = models.FloatField(default=0)
    standing = models.JSONField(default=dict)
    barred = models.JSONField(default=list, db_default=[])
    """Territories in which its maker's licence does not let it be shown."""
    is_shown = models.BooleanField(default=False)
    published_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "feed_clip"
        indexes = [models.Index(fields=["-position"], name="feed_newest", condition=models.Q(is_shown=True))]
