"""SQL of the log."""

from typing import Final

COLUMNS: Final = (
    "e.event_id::text, e.stream, e.version, e.type, e.data, e.encrypted, e.digest, e.command_id::text,"
    " e.correlation_id::text, e.causation_id::text, e.actor, e.recorded_at"
)
READ: Final = (
    f"SELECT NULL::bigint, {COLUMNS} FROM eventlog_event e WHERE e.stream = %s AND e.version > %s ORDER BY e.version"  # noqa: S608
)
READ_LAST: Final = (
    f"SELECT NULL::bigint, {COLUMNS} FROM eventlog_event e WHERE e.stream = %s ORDER BY e.version DESC LIMIT %s"  # noqa: S608
)
READ_MANY: Final = (
    f"SELECT NULL::bigint, {COLUMNS} FROM eventlog_event e WHERE e.stream = ANY(%b) ORDER BY e.stream, e.version"  # noqa: S608
)
READ_FROM: Final = (
    f"SELECT p.position, {COLUMNS} FROM eventlog_event_position p JOIN eventlog_event e USING (id)"  # noqa: S608
    " WHERE p.position > %s ORDER BY p.position LIMIT %s"
)
READ_FOR_RELAY: Final = """
SELECT p.position, e.stream, e.version, e.type, e.data, e.event_id::text, e.correlation_id::text,
       to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
FROM eventlog_event_position p JOIN eventlog_event e USING (id) WHERE p.position > %s ORDER BY p.position LIMIT %s
"""
READ_AT: Final = (
    f"SELECT p.position, {COLUMNS} FROM eventlog_event_position p JOIN eventlog_event e USING (id)"  # noqa: S608
    " WHERE p.position = ANY(%b)"
)
READ_TYPES: Final = (
    f"SELECT p.position, {COLUMNS} FROM eventlog_event_position p JOIN eventlog_event e USING (id)"  # noqa: S608
    " WHERE p.position > %s AND p.position <= %s AND e.type = ANY(%b) ORDER BY p.position"
)
READ_BY_TYPES: Final = f"""
SELECT p.position, {COLUMNS}
FROM (
        SELECT position, id FROM eventlog_event_position
        WHERE position > %s AND position <= %s ORDER BY position LIMIT %s
    ) p,
    LATERAL (SELECT * FROM eventlog_event WHERE id = p.id AND rtrim(type, '0123456789') = ANY(%b::text[]) OFFSET 0) e
ORDER BY p.position
"""  # noqa: S608
"""Row by row under any plan: the rows read do not grow with the log."""
READ_CORRELATED: Final = (
    f"SELECT p.position, {COLUMNS} FROM eventlog_event e LEFT JOIN eventlog_event_position p USING (id)"  # noqa: S608
    " WHERE e.correlation_id = %s ORDER BY e.id"
)
READ_SINCE: Final = (
    f"SELECT NULL::bigint, {COLUMNS} FROM unnest(%b::text[], %b::int[]) AS known(stream, version)"  # noqa: S608
    " JOIN eventlog_event e ON e.stream = known.stream AND e.version > known.version ORDER BY e.stream, e.version"
)
STREAMS_BY_TYPE: Final = (
    "SELECT e.stream FROM eventlog_event e JOIN eventlog_event_position p USING (id)"
    " WHERE e.type = %s AND p.position <= %s ORDER BY p.position DESC LIMIT %s"
)
HEADS: Final = (
    "SELECT s, coalesce((SELECT e.version FROM eventlog_event e WHERE e.stream = s ORDER BY e.version DESC LIMIT 1), 0)"
    " FROM unnest(%b::text[]) s"
)
FIRST_RESULT: Final = (
    "SELECT version, event_id::text FROM eventlog_event WHERE stream = %s AND command_id = %s ORDER BY ordinal"
)
LOCK: Final = (
    "SELECT CASE WHEN exclusive THEN pg_advisory_xact_lock(key) ELSE pg_advisory_xact_lock_shared(key) END"
    " FROM (SELECT hashtextextended(s, 0) AS key, exclusive FROM unnest(%b::text[], %b::bool[]) AS t(s, exclusive)"
    " ORDER BY 1) k"
)
NAMES: Final = (
    "event_id, stream, version, type, data, encrypted, digest, command_id, ordinal, correlation_id, causation_id, actor"
)
PREDECESSOR: Final = "EXISTS (SELECT FROM eventlog_event e WHERE e.stream = new.stream AND e.version = new.version - 1)"
COUNT: Final = "waiting AS (INSERT INTO eventlog_event_pending SELECT id FROM written) SELECT count(*) FROM written"
INSERT_ONE: Final = f"""
WITH written AS (
    INSERT INTO eventlog_event ({NAMES}) SELECT {NAMES}
    FROM (VALUES (%s::uuid, %s::text, %s::int, %s::text, %s::bytea, %s::bytea, %s::bytea,
        %s::uuid, %s::smallint, %s::uuid, %s::uuid, %s::text, %s::bool)) AS new({NAMES}, is_first)
    WHERE version = 1 OR {PREDECESSOR}
    RETURNING id
), {COUNT}
"""  # noqa: S608
INSERT_MANY: Final = f"""
WITH new AS (
    SELECT * FROM unnest(%b::uuid[], %b::text[], %b::int[], %b::text[], %b::bytea[], %b::bytea[], %b::bytea[],
        %b::uuid[], %b::smallint[], %b::uuid[], %b::uuid[], %b::text[], %b::bool[]) WITH ORDINALITY
        AS n({NAMES}, is_first, row_number)
), written AS (
    INSERT INTO eventlog_event ({NAMES}) SELECT {NAMES} FROM new
    WHERE (SELECT bool_and(version = 1 OR {PREDECESSOR}) FROM new WHERE is_first)
    ORDER BY row_number
    RETURNING id
), {COUNT}
"""  # noqa: S608
"""All rows or none: the first row of every stream needs its predecessor; the unique constraints do the rest."""
