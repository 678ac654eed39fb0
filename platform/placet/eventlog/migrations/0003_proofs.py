"""The tree over the log: full tiles once, signed heads, and those that are kept for good. The events stay where they are."""

from django.db import migrations

PROOFS = """
CREATE TABLE log_tile (
    level smallint NOT NULL CHECK (level >= 0),
    place bigint NOT NULL CHECK (place >= 0),
    hashes bytea NOT NULL CHECK (length(hashes) = 8192),
    root bytea NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (level, place)
);
CREATE TABLE log_head (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    origin text NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    note text NOT NULL,
    signed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT log_head_once UNIQUE (origin, size)
);
CREATE TABLE log_head_published (
    id bigint PRIMARY KEY,
    origin text NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    note text NOT NULL,
    signed_at timestamptz NOT NULL,
    CONSTRAINT log_head_published_once UNIQUE (origin, size)
);
CREATE INDEX event_receipted ON event (event_id) WHERE type IN (
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
CREATE TRIGGER tile_append_only BEFORE UPDATE OR DELETE ON log_tile FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tile_no_truncate BEFORE TRUNCATE ON log_tile FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER published_append_only BEFORE UPDATE OR DELETE ON log_head_published
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER published_no_truncate BEFORE TRUNCATE ON log_head_published
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'placet_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON log_tile, log_head_published FROM placet_app;
        REVOKE UPDATE, TRUNCATE ON log_head FROM placet_app;
    END IF;
END $$;
"""

UNDO = "DROP INDEX event_receipted; DROP TABLE log_head_published, log_head, log_tile;"


class Migration(migrations.Migration):
    dependencies = [("eventlog", "0002_initial")]
    operations = [migrations.RunSQL(PROOFS, UNDO)]
