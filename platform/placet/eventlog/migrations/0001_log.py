"""The log: events, their dense positions, and what still waits for a position. Append-only by grants and by triggers."""

from django.db import migrations

LOG = """
CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    stream text COLLATE "C" NOT NULL,
    version int NOT NULL CHECK (version > 0),
    type text NOT NULL,
    data bytea NOT NULL,
    sealed bytea,
    digest bytea NOT NULL,
    command_id uuid NOT NULL,
    ordinal smallint NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    actor text,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT event_version_once UNIQUE (stream, version),
    CONSTRAINT event_command_once UNIQUE (stream, command_id, ordinal)
);
CREATE INDEX event_correlation ON event (correlation_id);
CREATE TABLE event_pending (id bigint PRIMARY KEY);
CREATE TABLE event_position (
    position bigint PRIMARY KEY CHECK (position > 0),
    id bigint NOT NULL UNIQUE
);
ALTER TABLE event_pending SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', HINT = 'Append a new event that corrects the old one.';
END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER position_append_only BEFORE UPDATE OR DELETE ON event_position
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER position_no_truncate BEFORE TRUNCATE ON event_position
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'placet_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON event, event_position FROM placet_app;
    END IF;
END $$;
"""

UNDO = "DROP TABLE event_position, event_pending, event; DROP FUNCTION refuse_change();"


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(LOG, UNDO)]
