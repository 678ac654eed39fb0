"""The SQL of monitoring. All ages are computed by PostgreSQL, so no two clocks are compared."""

from typing import Final

LOOK_AHEAD: Final = 5_000
"""How many positions after its checkpoint are searched for a consumer's oldest unprocessed event.

A consumer that is further behind is measured by the last of them.
"""

OLDEST_UNPROCESSED: Final = f"""
SELECT w.name,
       coalesce(extract(epoch FROM clock_timestamp() - found.recorded_at), 0)::float8,
       coalesce(found.type, '')
FROM unnest(%(names)s::text[], %(positions)s::bigint[], %(types)s::text[]) AS w(name, position, types)
LEFT JOIN LATERAL (
    SELECT e.recorded_at, e.type FROM eventlog_event_position p JOIN eventlog_event e USING (id)
    WHERE p.position > w.position AND p.position <= w.position + {LOOK_AHEAD}
      AND (w.types = '' OR p.position = w.position + {LOOK_AHEAD} OR e.type = ANY(string_to_array(w.types, ',')))
    ORDER BY p.position LIMIT 1
) found ON true
"""  # noqa: S608
REACHED: Final = "SELECT name, position, version FROM eventlog_checkpoint WHERE topic = '' AND partition = 0"
FOLLOWERS: Final = """
SELECT 'tree_head', coalesce((SELECT size FROM eventlog_tree_head ORDER BY id DESC LIMIT 1), 0)
UNION ALL
SELECT 'relay', coalesce((SELECT position FROM eventlog_checkpoint WHERE name = 'relay' AND topic = ''), 0)
WHERE %(relays)s
"""
PENDING: Final = """
SELECT (SELECT count(*) FROM (SELECT FROM eventlog_event_pending LIMIT 100000) waiting),
       coalesce(extract(epoch FROM clock_timestamp() - (
           SELECT e.recorded_at
           FROM (SELECT id FROM eventlog_event_pending ORDER BY id LIMIT 1) p JOIN eventlog_event e USING (id)
       )), 0)::float8
"""
DEAD_LETTERS: Final = """
SELECT consumer, count(*), extract(epoch FROM clock_timestamp() - min(failed_at))::float8
FROM eventlog_dead_letter GROUP BY consumer ORDER BY consumer
"""
OUTBOX: Final = "SELECT kind, state, count(*) FROM eventlog_outbox GROUP BY kind, state ORDER BY kind, state"
OUTBOX_OVERDUE: Final = """
SELECT kind, count(*), extract(epoch FROM clock_timestamp() - min(greatest(due_at, lease_until)))::float8
FROM eventlog_outbox
WHERE (state = 'planned' AND due_at < clock_timestamp() - make_interval(secs => %(seconds)s))
   OR (state = 'leased' AND lease_until < clock_timestamp() - make_interval(secs => %(seconds)s))
GROUP BY kind ORDER BY kind
"""
GENERATION_JOBS: Final = """
SELECT count(*) FILTER (WHERE state = 'leased'),
       coalesce(extract(epoch FROM clock_timestamp() - min(lease_until) FILTER (WHERE state = 'leased')), 0)::float8,
       count(*) FILTER (WHERE state = 'planned'),
       coalesce(extract(epoch FROM clock_timestamp() - min(planned_at) FILTER (WHERE state = 'planned')), 0)::float8
FROM eventlog_outbox WHERE kind = 'job' AND state <> 'done'
"""
PROCESSES: Final = """
SELECT substr(application_name, 8), count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'placet-%%' GROUP BY 1 ORDER BY 1
"""
UP: Final = """
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(backend_start)), 0)::float8 FROM pg_stat_activity
WHERE datname = current_database() AND substr(application_name, 8) = ANY(%(roles)s)
"""
CASES: Final = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(opened_at)), 0)::float8
FROM moderation_case WHERE decision = ''
"""
JOBS: Final = """
SELECT name, extract(epoch FROM clock_timestamp() - ended_at)::float8, outcome::text FROM eventlog_job_run ORDER BY name
"""
LAST: Final = "SELECT coalesce(max(position), 0) FROM eventlog_event_position"
