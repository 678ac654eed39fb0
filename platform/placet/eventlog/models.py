"""Checkpoints, leases, outbox, dead letters and job runs. The tables of the log itself are SQL (migration 0001)."""

from django.db import models


class Checkpoint(models.Model):
    """The position that a projection or a consumer has reached. Position 0: nothing yet."""

    name = models.TextField()
    topic = models.TextField(default="")
    partition = models.IntegerField(default=0)
    topic_id = models.TextField(db_default="")
    kafka_offset = models.BigIntegerField(null=True)
    position = models.BigIntegerField(default=0)
    version = models.IntegerField(default=1, db_default=1)
    """Of a projection: the version that wrote its rows. Other versions neither write nor show them."""
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "topic", "partition"], name="eventlog_checkpoint_unique_source")
        ]


class LeaseRow(models.Model):
    """The leader under a name, and the end of its lease by the database's clock."""

    name = models.TextField(primary_key=True)
    owner = models.TextField()
    until = models.DateTimeField()

    class Meta:
        db_table = "eventlog_lease"


class OutboxItem(models.Model):
    """Something to do outside the database, once, under its key."""

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
    fairness_key = models.TextField(default="", db_default="")
    """The owner, if an owner with many items must not keep others waiting; else empty."""
    owner_backlog = models.IntegerField(default=0, db_default=0)
    """Number of the owner's waiting items when this one was planned."""
    state = models.TextField(choices=State.choices, default=State.PLANNED)
    attempts = models.IntegerField(default=0)
    fencing_token = models.BigIntegerField(default=0)
    """Grows with each claim; writes under an older token are refused."""
    lease_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    progress = models.JSONField(null=True)
    error = models.TextField(default="")
    planned_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "eventlog_outbox"
        constraints = [
            models.UniqueConstraint(fields=["consumer", "event_id", "key"], name="eventlog_outbox_unique_key")
        ]
        indexes = [
            models.Index(fields=["kind", "due_at"], name="eventlog_outbox_due", condition=~models.Q(state="done")),
            models.Index(
                fields=["kind", "fairness_key"], name="eventlog_outbox_fairness", condition=~models.Q(state="done")
            ),
        ]


class DeadLetterRow(models.Model):
    """An event that a consumer's handler failed on, or a later event of its stream."""

    consumer = models.TextField()
    position = models.BigIntegerField()
    stream = models.TextField()
    error_location = models.TextField()
    attempts = models.IntegerField(default=1)
    failed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "eventlog_dead_letter"
        constraints = [
            models.UniqueConstraint(fields=["consumer", "position"], name="eventlog_dead_letter_unique_event")
        ]
        indexes = [models.Index(fields=["consumer", "stream"], name="eventlog_dead_letter_stream")]


class DiscardedDeadLetter(models.Model):
    """A dead letter that an operator discarded for good, with name and reason."""

    consumer = models.TextField()
    position = models.BigIntegerField()
    stream = models.TextField()
    error_location = models.TextField()
    discarded_by = models.UUIDField()
    reason = models.TextField()
    discarded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "eventlog_dead_letter_discarded"
        constraints = [
            models.UniqueConstraint(fields=["consumer", "position"], name="eventlog_dead_letter_discarded_unique_event")
        ]


class JobRun(models.Model):
    """The last run of a scheduled job: begin, end and outcome."""

    name = models.TextField(primary_key=True)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.JSONField(default=dict)

    class Meta:
        db_table = "eventlog_job_run"
