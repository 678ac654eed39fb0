"""What is measured: plain values, read at one moment. No judgement here, and nothing personal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ComponentProgress:
    """Where a projection or a consumer stands."""

    position: int
    lag: int
    """Events of the log that lie beyond it."""
    seconds: float
    """Age of the oldest event that it has still to answer; 0 when there is none."""
    is_outdated: bool = False
    """Its rows were folded by code of another version."""
    waits_for_type: str = ""
    """The type of the next event that it has to answer, where this code does not know that version."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many of something wait, and since when the oldest does."""

    count: int = 0
    oldest_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class GenerationJobs:
    """The generator's work: runs under a lease, their quietest heartbeat, and what waits to be taken."""

    leased: int
    last_heartbeat_seconds: float
    waiting: Backlog


@dataclass(frozen=True, slots=True)
class Keys:
    """The certificate that signs clips, in whole days."""

    age_days: int
    days_left: int


@dataclass(frozen=True, slots=True)
class Disk:
    """Of the file system that holds PLACET_HOME."""

    free_bytes: int
    free_0_1: float


@dataclass(frozen=True, slots=True)
class JobStatus:
    """When something periodic last ended, and what came of it."""

    ended_seconds: float | None
    outcome: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at one moment."""

    position: int
    transport: str
    sequencer: Backlog
    """Events that are committed and have no position yet."""
    projections: Mapping[str, ComponentProgress]
    consumers: Mapping[str, ComponentProgress]
    followers: Mapping[str, ComponentProgress]
    """What else goes along the log: the signed tree head and, under Kafka, the relay."""
    dead_letters: Mapping[str, Backlog]
    outbox: Mapping[str, Mapping[str, int]]
    """Kind -> state -> how many."""
    outbox_overdue: Mapping[str, Backlog]
    """Kind -> effects that were due more than a moment ago and that nobody has taken."""
    generation_jobs: GenerationJobs
    cases: Backlog
    processes: Mapping[str, int]
    """Role -> connections to PostgreSQL. Who holds none does not work."""
    up_seconds: float
    """Age of the oldest of the connections of long-lived roles; 0 when there is none."""
    keys: Keys | None
    disk: Disk
    jobs: Mapping[str, JobStatus]
