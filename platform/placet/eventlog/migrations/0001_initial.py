"""The tables of the event log.

`LOG`: events, their dense positions, and the events that wait for one. Append-only by grants and by triggers.
`TREE`: the Merkle tree over the log: full tiles, signed tree heads, and those that are kept for good.
The rest are Django models, as `makemigrations` wrote them.
"""

from pathlib import Path

from django.conf import settings
from django.db import migrations, models

from placet.runtime.install.earlier_release import refuse_earlier_release

LOG = """
CREATE TABLE eventlog_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    stream text COLLATE "C" NOT NULL,
    version int NOT NULL CHECK (version > 0),
    type text NOT NULL,
    data bytea NOT NULL,
    encrypted bytea,
    digest bytea NOT NULL,
    command_id uuid NOT NULL,
    ordinal smallint NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    actor text,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT eventlog_event_unique_version UNIQUE (stream, version),
    CONSTRAINT eventlog_event_unique_command UNIQUE (stream, command_id, ordinal)
);
CREATE INDEX eventlog_event_correlation ON eventlog_event (correlation_id);
CREATE TABLE eventlog_event_pending (id bigint PRIMARY KEY);
CREATE TABLE eventlog_event_position (
    position bigint PRIMARY KEY CHECK (position > 0),
    id bigint NOT NULL UNIQUE
);
ALTER TABLE eventlog_event_pending SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

CREATE FUNCTION eventlog_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', HINT = 'Append a new event that corrects the old one.';
END $$;
CREATE TRIGGER eventlog_event_append_only BEFORE UPDATE OR DELETE ON eventlog_event
    FOR EACH ROW EXECUTE FUNCTION eventlog_refuse_change();
CREATE TRIGGER eventlog_event_no_truncate BEFORE TRUNCATE ON eventlog_event
    FOR EACH STATEMENT EXECUTE FUNCTION eventlog_refuse_change();
CREATE TRIGGER eventlog_event_position_append_only BEFORE UPDATE OR DELETE ON eventlog_event_position
    FOR EACH ROW EXECUTE FUNCTION eventlog_refuse_change();
CREATE TRIGGER eventlog_event_position_no_truncate BEFORE TRUNCATE ON eventlog_event_position
    FOR EACH STATEMENT EXECUTE FUNCTION eventlog_refuse_change();
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'placet_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON eventlog_event, eventlog_event_position FROM placet_app;
    END IF;
END $$;
"""

TREE = """
CREATE TABLE eventlog_tree_tile (
    level smallint NOT NULL CHECK (level >= 0),
    tile_index bigint NOT NULL CHECK (tile_index >= 0),
    hashes bytea NOT NULL CHECK (length(hashes) = 8192),
    root bytea NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (level, tile_index)
);
CREATE TABLE eventlog_tree_head (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    origin text NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    note text NOT NULL,
    signed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT eventlog_tree_head_unique_size UNIQUE (origin, size)
);
CREATE TABLE eventlog_tree_head_published (
    id bigint PRIMARY KEY,
    origin text NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    note text NOT NULL,
    signed_at timestamptz NOT NULL,
    CONSTRAINT eventlog_tree_head_published_unique_size UNIQUE (origin, size)
);
CREATE INDEX eventlog_event_receipt_types ON eventlog_event (event_id) WHERE type IN (
    'likeness.requester_blocked.v1',
    'likeness.requester_unblocked.v1',
    'likeness.consent_revoked.v1',
    'likeness.grant_issued.v1',
    'likeness.grant_revoked.v1',
    'likeness.consent_level_set.v1',
    'likeness.likeness_enrolled.v1',
    'log.restored.v1',
    'moderation.case_decided.v1',
    'moderation.clip_reported.v1',
    'moderation.appeal_filed.v1',
    'rights.filing_held.v1',
    'rights.filing_rejected.v1',
    'rights.opt_out_ended.v1',
    'rights.opt_out_activated.v1',
    'rights.opt_out_filed.v1'
);
CREATE TRIGGER eventlog_tree_tile_append_only BEFORE UPDATE OR DELETE ON eventlog_tree_tile
    FOR EACH ROW EXECUTE FUNCTION eventlog_refuse_change();
CREATE TRIGGER eventlog_tree_tile_no_truncate BEFORE TRUNCATE ON eventlog_tree_tile
    FOR EACH STATEMENT EXECUTE FUNCTION eventlog_refuse_change();
CREATE TRIGGER eventlog_tree_head_published_append_only BEFORE UPDATE OR DELETE ON eventlog_tree_head_published
    FOR EACH ROW EXECUTE FUNCTION eventlog_refuse_change();
CREATE TRIGGER eventlog_tree_head_published_no_truncate BEFORE TRUNCATE ON eventlog_tree_head_published
    FOR EACH STATEMENT EXECUTE FUNCTION eventlog_refuse_change();
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'placet_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON eventlog_tree_tile, eventlog_tree_head_published FROM placet_app;
        REVOKE UPDATE, TRUNCATE ON eventlog_tree_head FROM placet_app;
    END IF;
END $$;
"""

UNDO_LOG = """
DROP TABLE eventlog_event_position, eventlog_event_pending, eventlog_event;
DROP FUNCTION eventlog_refuse_change();
"""
UNDO_TREE = """
DROP INDEX eventlog_event_receipt_types;
DROP TABLE eventlog_tree_head_published, eventlog_tree_head, eventlog_tree_tile;
"""


def refuse_old_tables(_apps, schema_editor):
    """Refuse an install with the old tables before anything is changed."""
    with schema_editor.connection.cursor() as cursor:
        refuse_earlier_release(Path(settings.PLACET_DATA_DIR), cursor)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.RunPython(refuse_old_tables, migrations.RunPython.noop, elidable=True),
        migrations.RunSQL(LOG, UNDO_LOG),
        migrations.RunSQL(TREE, UNDO_TREE),
        migrations.CreateModel(
            name='JobRun',
            fields=[
                ('name', models.TextField(primary_key=True, serialize=False)),
                ('begun_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('outcome', models.JSONField(default=dict)),
            ],
            options={
                'db_table': 'eventlog_job_run',
            },
        ),
        migrations.CreateModel(
            name='LeaseRow',
            fields=[
                ('name', models.TextField(primary_key=True, serialize=False)),
                ('owner', models.TextField()),
                ('until', models.DateTimeField()),
            ],
            options={
                'db_table': 'eventlog_lease',
            },
        ),
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.TextField()),
                ('topic', models.TextField(default='')),
                ('partition', models.IntegerField(default=0)),
                ('topic_id', models.TextField(db_default='')),
                ('kafka_offset', models.BigIntegerField(null=True)),
                ('position', models.BigIntegerField(default=0)),
                ('version', models.IntegerField(db_default=1, default=1)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('name', 'topic', 'partition'), name='eventlog_checkpoint_unique_source')],
            },
        ),
        migrations.CreateModel(
            name='DeadLetterRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('consumer', models.TextField()),
                ('position', models.BigIntegerField()),
                ('stream', models.TextField()),
                ('error_location', models.TextField()),
                ('attempts', models.IntegerField(default=1)),
                ('failed_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'db_table': 'eventlog_dead_letter',
                'indexes': [models.Index(fields=['consumer', 'stream'], name='eventlog_dead_letter_stream')],
                'constraints': [models.UniqueConstraint(fields=('consumer', 'position'), name='eventlog_dead_letter_unique_event')],
            },
        ),
        migrations.CreateModel(
            name='DiscardedDeadLetter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('consumer', models.TextField()),
                ('position', models.BigIntegerField()),
                ('stream', models.TextField()),
                ('error_location', models.TextField()),
                ('discarded_by', models.UUIDField()),
                ('reason', models.TextField()),
                ('discarded_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'db_table': 'eventlog_dead_letter_discarded',
                'constraints': [models.UniqueConstraint(fields=('consumer', 'position'), name='eventlog_dead_letter_discarded_unique_event')],
            },
        ),
        migrations.CreateModel(
            name='OutboxItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('consumer', models.TextField()),
                ('event_id', models.UUIDField()),
                ('key', models.TextField()),
                ('kind', models.TextField()),
                ('payload', models.JSONField()),
                ('stream', models.TextField()),
                ('fairness_key', models.TextField(db_default='', default='')),
                ('owner_backlog', models.IntegerField(db_default=0, default=0)),
                ('state', models.TextField(choices=[('planned', 'Planned'), ('leased', 'Leased'), ('done', 'Done'), ('failed', 'Failed')], default='planned')),
                ('attempts', models.IntegerField(default=0)),
                ('fencing_token', models.BigIntegerField(default=0)),
                ('lease_until', models.DateTimeField(null=True)),
                ('due_at', models.DateTimeField()),
                ('progress', models.JSONField(null=True)),
                ('error', models.TextField(default='')),
                ('planned_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'eventlog_outbox',
                'indexes': [models.Index(condition=models.Q(('state', 'done'), _negated=True), fields=['kind', 'due_at'], name='eventlog_outbox_due'), models.Index(condition=models.Q(('state', 'done'), _negated=True), fields=['kind', 'fairness_key'], name='eventlog_outbox_fairness')],
                'constraints': [models.UniqueConstraint(fields=('consumer', 'event_id', 'key'), name='eventlog_outbox_unique_key')],
            },
        ),
    ]
