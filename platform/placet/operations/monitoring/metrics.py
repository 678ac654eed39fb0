"""Prometheus metrics, read from PostgreSQL at each scrape of `/metrics`."""

from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from placet.operations.monitoring.alerts import active_alerts
from placet.operations.monitoring.snapshot import Snapshot

Values = Callable[[Snapshot], Iterator[tuple[tuple[str, ...], float]]]
METRICS: Final[dict[str, tuple[str, tuple[str, ...], Values]]] = {
    "placet_log_position": (
        "Position of the last event in the log",
        (),
        lambda m: one(m.position),
    ),
    "placet_sequencer_pending_events": (
        "Committed events that have no position yet",
        (),
        lambda m: one(m.sequencer.count),
    ),
    "placet_sequencer_pending_age_seconds": (
        "Age of the oldest event without a position",
        (),
        lambda m: one(m.sequencer.oldest_seconds),
    ),
    "placet_projection_lag_events": (
        "Events that the projection has not applied yet",
        ("projection",),
        lambda m: (((name,), progress.lag) for name, progress in m.projections.items()),
    ),
    "placet_projection_lag_seconds": (
        "Age of the oldest event that the projection has not applied yet",
        ("projection",),
        lambda m: (((name,), progress.seconds) for name, progress in m.projections.items()),
    ),
    "placet_projection_outdated": (
        "1 if the projection's rows were written by another version of its code, else 0",
        ("projection",),
        lambda m: (((name,), progress.is_outdated) for name, progress in m.projections.items()),
    ),
    "placet_consumer_lag_events": (
        "Events in the log after the consumer's checkpoint",
        ("consumer",),
        lambda m: (((name,), progress.lag) for name, progress in m.consumers.items()),
    ),
    "placet_consumer_lag_seconds": (
        "Age of the oldest event that the consumer has not processed yet",
        ("consumer",),
        lambda m: (((name,), progress.seconds) for name, progress in m.consumers.items()),
    ),
    "placet_log_follower_lag_events": (
        "Events that no signed tree head covers yet (tree_head), or that are not in Kafka yet (relay)",
        ("follower",),
        lambda m: (((name,), progress.lag) for name, progress in m.followers.items()),
    ),
    "placet_log_follower_lag_seconds": (
        "Age of the oldest of those events",
        ("follower",),
        lambda m: (((name,), progress.seconds) for name, progress in m.followers.items()),
    ),
    "placet_dead_letter_events": (
        "Dead letters of the consumer, including later events of the same streams",
        ("consumer",),
        lambda m: (((name,), backlog.count) for name, backlog in m.dead_letters.items()),
    ),
    "placet_dead_letter_oldest_age_seconds": (
        "Time since the consumer's oldest dead letter was set aside",
        ("consumer",),
        lambda m: (((name,), backlog.oldest_seconds) for name, backlog in m.dead_letters.items()),
    ),
    "placet_outbox_items": (
        "Outbox items that are not done, by kind and state",
        ("kind", "state"),
        lambda m: (((k, s), n) for k, states in m.outbox.items() for s, n in states.items() if s != "done"),
    ),
    "placet_outbox_overdue_items": (
        "Outbox items that have been due for more than a minute and that no process has claimed",
        ("kind",),
        lambda m: (((kind,), backlog.count) for kind, backlog in m.outbox_overdue.items()),
    ),
    "placet_outbox_overdue_oldest_age_seconds": (
        "Time since the oldest overdue outbox item was due",
        ("kind",),
        lambda m: (((kind,), backlog.oldest_seconds) for kind, backlog in m.outbox_overdue.items()),
    ),
    "placet_jobs_leased": (
        "Generation jobs that a worker holds a lease on",
        (),
        lambda m: one(m.generation_jobs.leased),
    ),
    "placet_jobs_heartbeat_age_seconds": (
        "Time since the oldest last heartbeat among leased generation jobs; 0 if none is leased",
        (),
        lambda m: one(m.generation_jobs.last_heartbeat_seconds),
    ),
    "placet_jobs_waiting": (
        "Generation jobs that wait for a worker",
        (),
        lambda m: one(m.generation_jobs.waiting.count),
    ),
    "placet_jobs_waiting_oldest_age_seconds": (
        "Time that the oldest waiting generation job has waited",
        (),
        lambda m: one(m.generation_jobs.waiting.oldest_seconds),
    ),
    "placet_cases_open": (
        "Cases that wait for a reviewer, including zero-tolerance cases",
        (),
        lambda m: one(m.cases.count),
    ),
    "placet_cases_oldest_age_seconds": (
        "Age of the oldest open case",
        (),
        lambda m: one(m.cases.oldest_seconds),
    ),
    "placet_process_connections": (
        "Connections to PostgreSQL, by process role",
        ("role",),
        lambda m: (((role,), count) for role, count in m.processes.items()),
    ),
    "placet_certificate_expiry_timestamp_seconds": (
        "Unix time at which the certificate that signs clips expires; absent if there is no certificate",
        (),
        lambda m: one(m.keys.expires_at.timestamp()) if m.keys else iter(()),
    ),
    "placet_disk_free_bytes": (
        "Free space on the disk that holds PLACET_DATA_DIR",
        (),
        lambda m: one(m.disk.free_bytes),
    ),
    "placet_disk_free_ratio": (
        "Free share of that disk, from 0 to 1",
        (),
        lambda m: one(m.disk.free_0_1),
    ),
    "placet_job_last_success_age_seconds": (
        "Time since the scheduled job last succeeded",
        ("job_name",),
        lambda m: (((n,), job.ended_seconds) for n, job in m.jobs.items() if job.ended_seconds is not None),
    ),
    "placet_alerts_active": (
        "1 for each active alert; the code is also the name of its runbook page",
        ("code",),
        lambda m: (((code,), 1.0) for code in dict.fromkeys(alert.code for alert in active_alerts(m))),
    ),
}
"""Name -> HELP text, labels and values. `placet generate-docs` writes them to `docs/metrics.md`.

The label of a scheduled job is `job_name`: Prometheus sets `job` itself.
"""


def one(value: float) -> Iterator[tuple[tuple[str, ...], float]]:
    """A metric without labels."""
    yield (), float(value)


class SnapshotCollector(Collector):
    """Takes one snapshot per scrape and reports every metric from it."""

    def __init__(self, measure: Callable[[], Snapshot]) -> None:
        self._measure = measure

    def collect(self) -> Iterator[Metric]:
        """Called by prometheus_client at each scrape."""
        measured = self._measure()
        for name, (description, labels, values) in METRICS.items():
            family = GaugeMetricFamily(name, description, labels=labels)
            for label_values, value in values(measured):
                family.add_metric(label_values, float(value))
            yield family

    def describe(self) -> list[Metric]:
        """Empty, so that registering runs no query."""
        return []


def exposition(measure: Callable[[], Snapshot]) -> bytes:
    """All metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(measure))
    return generate_latest(registry)
