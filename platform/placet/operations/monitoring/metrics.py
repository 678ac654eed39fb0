"""`/metrics`: the measures under names that stay, read from PostgreSQL at each scrape."""

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
        "Position of the last event that has one",
        (),
        lambda m: one(m.position),
    ),
    "placet_sequencer_pending_events": (
        "Committed events without a position",
        (),
        lambda m: one(m.sequencer.count),
    ),
    "placet_sequencer_pending_age_seconds": (
        "Age of the oldest event without a position",
        (),
        lambda m: one(m.sequencer.oldest_seconds),
    ),
    "placet_projection_lag_events": (
        "Events that a projection has still to fold",
        ("projection",),
        lambda m: (((name,), place.lag) for name, place in m.projections.items()),
    ),
    "placet_projection_lag_seconds": (
        "Age of the oldest event that a projection has still to fold",
        ("projection",),
        lambda m: (((name,), place.seconds) for name, place in m.projections.items()),
    ),
    "placet_projection_outdated": (
        "1 where the rows were folded by another version of the code",
        ("projection",),
        lambda m: (((name,), place.is_outdated) for name, place in m.projections.items()),
    ),
    "placet_consumer_lag_events": (
        "Events of the log beyond a consumer's place",
        ("consumer",),
        lambda m: (((name,), place.lag) for name, place in m.consumers.items()),
    ),
    "placet_consumer_lag_seconds": (
        "Age of the oldest event that a consumer has still to answer",
        ("consumer",),
        lambda m: (((name,), place.seconds) for name, place in m.consumers.items()),
    ),
    "placet_follower_lag_events": (
        "Events that are not yet under a signed tree head, or not yet carried to Kafka",
        ("follower",),
        lambda m: (((name,), place.lag) for name, place in m.followers.items()),
    ),
    "placet_follower_lag_seconds": (
        "Age of the oldest of those events",
        ("follower",),
        lambda m: (((name,), place.seconds) for name, place in m.followers.items()),
    ),
    "placet_parked_events": (
        "Events that are parked, those that wait behind one included",
        ("consumer",),
        lambda m: (((name,), waiting.count) for name, waiting in m.dead_letters.items()),
    ),
    "placet_parked_age_seconds": (
        "How long the oldest parked event has been parked",
        ("consumer",),
        lambda m: (((name,), waiting.oldest_seconds) for name, waiting in m.dead_letters.items()),
    ),
    "placet_effects": (
        "Effects by state; done ones are not counted",
        ("kind", "state"),
        lambda m: (((k, s), n) for k, states in m.outbox.items() for s, n in states.items() if s != "done"),
    ),
    "placet_effects_late": (
        "Effects that were due over a minute ago and that nobody has taken",
        ("kind",),
        lambda m: (((kind,), waiting.count) for kind, waiting in m.outbox_overdue.items()),
    ),
    "placet_effects_late_seconds": (
        "How long the oldest late effect has been due",
        ("kind",),
        lambda m: (((kind,), waiting.oldest_seconds) for kind, waiting in m.outbox_overdue.items()),
    ),
    "placet_runs_leased": (
        "Runs of the generator under a lease",
        (),
        lambda m: one(m.generation_jobs.leased),
    ),
    "placet_runs_beat_age_seconds": (
        "Age of the last heartbeat of the quietest run",
        (),
        lambda m: one(m.generation_jobs.last_heartbeat_seconds),
    ),
    "placet_runs_waiting": (
        "Runs that wait for a worker",
        (),
        lambda m: one(m.generation_jobs.waiting.count),
    ),
    "placet_runs_waiting_seconds": (
        "How long the oldest run has waited for a worker",
        (),
        lambda m: one(m.generation_jobs.waiting.oldest_seconds),
    ),
    "placet_cases_open": (
        "Cases that wait for a reviewer, those of the floor included",
        (),
        lambda m: one(m.cases.count),
    ),
    "placet_cases_oldest_seconds": (
        "How long the oldest open case has waited",
        (),
        lambda m: one(m.cases.oldest_seconds),
    ),
    "placet_process_connections": (
        "Connections to PostgreSQL by the role of the process",
        ("role",),
        lambda m: (((role,), count) for role, count in m.processes.items()),
    ),
    "placet_certificate_left_days": (
        "Days until the certificate that signs clips ends; -1 where there is none",
        (),
        lambda m: one(m.keys.days_left if m.keys else -1),
    ),
    "placet_disk_free_bytes": (
        "Free bytes of the disk that holds PLACET_HOME",
        (),
        lambda m: one(m.disk.free_bytes),
    ),
    "placet_disk_free_ratio": (
        "Free share of that disk",
        (),
        lambda m: one(m.disk.free_0_1),
    ),
    "placet_chore_age_seconds": (
        "How long ago a chore last ended",
        ("chore",),
        lambda m: (((n,), c.ended_seconds) for n, c in m.jobs.items() if c.ended_seconds is not None),
    ),
    "placet_alarms": (
        "Things that somebody must look at now, by the code of their page in the runbook",
        ("code",),
        lambda m: (((alarm.code,), 1.0) for alarm in {a.code: a for a in active_alerts(m)}.values()),
    ),
}
"""Name -> what it says, its labels, and its values. `docs/how-to/operate.md` holds the same table; a test compares."""


def one(value: float) -> Iterator[tuple[tuple[str, ...], float]]:
    """A metric without labels."""
    yield (), float(value)


class SnapshotCollector(Collector):
    """Measures once, and tells them all."""

    def __init__(self, measure: Callable[[], Snapshot]) -> None:
        self._measure = measure

    def collect(self) -> Iterator[Metric]:
        """Called by the library at each scrape."""
        measured = self._measure()
        for name, (told, labels, values) in METRICS.items():
            family = GaugeMetricFamily(name, told, labels=labels)
            for labelled, value in values(measured):
                family.add_metric(labelled, float(value))
            yield family

    def describe(self) -> list[Metric]:
        """Nothing: so that registering asks no database."""
        return []


def exposition(measure: Callable[[], Snapshot]) -> bytes:
    """All metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(measure))
    return generate_latest(registry)
