"""Snapshot: plain values measured at one moment, without judgement or personal data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ComponentProgress:
    """How far a projection, a consumer or a follower of the log has come."""

    position: int
    lag: int
    """Events in the log after its position."""
    seconds: float
    """Age of the oldest event that it has not processed; 0 if there is none."""
    is_outdated: bool = False
    """Its rows were written by another version of its code."""
    waits_for_type: str = ""
    """Type of the next event, if this release does not know that version of it; else empty."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many items wait, and the age of the oldest."""

    count: int = 0
    oldest_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class GenerationJobs:
    """The generator's queue: jobs under a lease, the oldest last heartbeat among them, and the jobs that wait."""

    leased: int
    last_heartbeat_seconds: float
    waiting: Backlog


@dataclass(frozen=True, slots=True)
class Keys:
    """The certificate that signs clips: age and days left in whole days, and the moment it expires."""

    age_days: int
    days_left: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Disk:
    """Free space on the file system that holds PLACET_DATA_DIR."""

    free_bytes: int
    free_0_1: float


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How long ago a scheduled job last succeeded (None: never), and its outcome."""

    ended_seconds: float | None
    outcome: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole install at one moment."""

    position: int
    transport: str
    sequencer: Backlog
    """Committed events that have no position yet."""
    projections: Mapping[str, ComponentProgress]
    consumers: Mapping[str, ComponentProgress]
    followers: Mapping[str, ComponentProgress]
    """What else follows the log: the signed tree head and, with Kafka, the relay."""
    dead_letters: Mapping[str, Backlog]
    outbox: Mapping[str, Mapping[str, int]]
    """Kind -> state -> number of items."""
    outbox_overdue: Mapping[str, Backlog]
    """Kind -> items that have been due for more than a minute and that no process has claimed."""
    generation_jobs: GenerationJobs
    cases: Backlog
    processes: Mapping[str, int]
    """Role -> connections to PostgreSQL. A role without a connection does no work."""
    up_seconds: float
    """Age of the oldest connection of a long-lived role; 0 if there is none."""
    keys: Keys | None
    disk: Disk
    jobs: Mapping[str, JobStatus]
