"""Tables beside the log: places reached, effects planned, events parked. The log's own tables are raw SQL (0001)."""

from django.db import models


class Checkpoint(models.Model):
    """The place that a projection or a consumer has reached. Position 0: nothing yet."""

    name = models.TextField()
    topic = models.TextField(default="")
    partition = models.IntegerField(default=0)
    topic_id = models.TextField(db_default="")
    kafka_offset = models.BigIntegerField(null=True)
    position = models.BigIntegerField(default=0)
    version = models.IntegerField(default=1, db_default=1)
    """Of a projection: whose folds wrote its rows. Code of another version neither folds on nor reads past it."""
    moved_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "checkpoint"
        constraints = [models.UniqueConstraint(fields=["name", "topic", "partition"], name="one_checkpoint_a_place")]


class LeaseRow(models.Model):
    """Who leads under a name, and until when by the database's clock."""

    name = models.TextField(primary_key=True)
    owner = models.TextField()
    until = models.DateTimeField()

    class Meta:
        db_table = "lease"


class OutboxItem(models.Model):
    """Something to be done in the world, once, under its key."""

    class State(models.TextChoices):
        PLANNED = "planned"
        LEASED = "leased"
        DONE = "done"
        FAILED = "failed"

    consumer = models.TextField()
    event_id = models.UUIDField()
    key = models.TextField()
    kind = models.TextField()
    payload = models.JSONField()
    stream = models.TextField()
    turn = models.TextField(default="", db_default="")
    """Whose it is, where that matters for the order."""
    behind = models.IntegerField(default=0, db_default=0)
    """How many of the same owner were waiting when it was planned."""
    state = models.TextField(choices=State.choices, default=State.PLANNED)
    attempts = models.IntegerField(default=0)
    token = models.BigIntegerField(default=0)
    """Fencing: grows with each claim; a write under an older token is refused."""
    lease_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    progress = models.JSONField(null=True)
    error = models.TextField(default="")
    planned_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "effect"
        constraints = [models.UniqueConstraint(fields=["consumer", "event_id", "key"], name="one_effect_a_key")]
        indexes = [
            models.Index(fields=["kind", "due_at"], name="effect_due", condition=~models.Q(state="done")),
            models.Index(fields=["kind", "turn"], name="effect_turn", condition=~models.Q(state="done")),
        ]


class DeadLetterRow(models.Model):
    """An event that a consumer's own handler could not take, or that waits behind such a one in its stream."""

    consumer = models.TextField()
    position = models.BigIntegerField()
    stream = models.TextField()
    error = models.TextField()
    attempts = models.IntegerField(default=1)
    parked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "parked"
        constraints = [models.UniqueConstraint(fields=["consumer", "position"], name="parked_once")]
        indexes = [models.Index(fields=["consumer", "stream"], name="parked_stream")]


class DiscardedDeadLetter(models.Model):
    """A parked event that an operator gave up, for ever: who did it and why."""

    consumer = models.TextField()
    position = models.BigIntegerField()
    stream = models.TextField()
    error = models.TextField()
    dropped_by = models.UUIDField()
    why = models.TextField()
    dropped_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "dropped"
        constraints = [models.UniqueConstraint(fields=["consumer", "position"], name="dropped_once")]


class JobRun(models.Model):
    """Something done now and then by whoever comes first: when it was begun and ended, and what came of it."""

    name = models.TextField(primary_key=True)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.JSONField(default=dict)

    class Meta:
        db_table = "chore"
