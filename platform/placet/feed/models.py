"""Read model of the feed."""

from django.db import models


class FeedRow(models.Model):
    """One published clip. It is visible while `restrictions` is empty."""

    generation = models.UUIDField(primary_key=True)
    position = models.BigIntegerField()
    requested_by = models.UUIDField()
    parent = models.UUIDField(null=True)
    cameos = models.JSONField(default=list)
    sha256 = models.TextField(default="")
    seconds = models.FloatField(default=0)
    restrictions = models.JSONField(default=dict)
    excluded_territories = models.JSONField(default=list, db_default=[])
    """Territories that the licence of its model excludes."""
    is_visible = models.BooleanField(default=False)
    published_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "feed_clip"
        indexes = [models.Index(fields=["-position"], name="feed_clip_newest", condition=models.Q(is_visible=True))]
