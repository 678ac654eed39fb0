"""Alert rules: what needs an operator now, the command that fixes it, and the runbook page that explains it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from placet.operations.monitoring.snapshot import Snapshot
from placet.runtime.supervisor.process_table import role_names

DAY: Final = 86_400.0
STALE_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 60.0
CASE_SECONDS: Final = DAY
START_SECONDS: Final = 60.0
HEARTBEAT_SECONDS: Final = 30.0
CERTIFICATE_DAYS: Final = 30
FREE_BYTES: Final = 5 * 2**30
FREE_0_1: Final = 0.05
JOB_SECONDS: Final = 26 * 3600.0


@dataclass(frozen=True, slots=True)
class Alert:
    """One active problem. Its code is also the name of its page in `docs/runbook/`."""

    code: str
    message: str
    hint: str

    @property
    def runbook_url(self) -> str:
        """The page that explains the alert, from the root of the checkout."""
        return f"docs/runbook/{self.code}.md"

    def to_json(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message, "hint": self.hint, "runbook_url": self.runbook_url}


AlertRule = Callable[[Snapshot], Iterator[tuple[str, str]]]
ALERT_RULES: Final[dict[str, AlertRule]] = {}
"""Code -> the rule, which yields a message and a hint for each problem."""


def active_alerts(measured: Snapshot) -> list[Alert]:
    """All active alerts, the most urgent first."""
    return [Alert(code, message, hint) for code, rule in ALERT_RULES.items() for message, hint in rule(measured)]


def alert_rule(code: str) -> Callable[[AlertRule], AlertRule]:
    def register(rule: AlertRule) -> AlertRule:
        ALERT_RULES[code] = rule
        return rule

    return register


@alert_rule("process_down")
def _process_down(measured: Snapshot) -> Iterator[tuple[str, str]]:
    """Only once some role has been up for a minute: a single command needs no other process, and a start takes time."""
    for role in role_names(measured.transport) if measured.up_seconds > START_SECONDS else ():
        if role not in measured.processes:
            yield f"No {role} process is connected to PostgreSQL.", f"placet serve {role}"


@alert_rule("sequencer_stalled")
def _sequencer_stalled(measured: Snapshot) -> Iterator[tuple[str, str]]:
    pending = measured.sequencer
    if pending.oldest_seconds > STALE_SECONDS:
        yield (
            f"{pending.count} events have no position yet; the oldest has waited {pending.oldest_seconds:.0f} s.",
            "placet serve sequencer",
        )


@alert_rule("unknown_event_type")
def _unknown_event_type(measured: Snapshot) -> Iterator[tuple[str, str]]:
    for name, progress in {**measured.projections, **measured.consumers}.items():
        if progress.waits_for_type and progress.seconds > STALE_SECONDS:
            unknown = progress.waits_for_type
            message = f"{name} is waiting after position {progress.position}: this release does not know {unknown}."
            yield message, "git pull && make setup"


@alert_rule("projection_outdated")
def _projection_outdated(measured: Snapshot) -> Iterator[tuple[str, str]]:
    for name, progress in measured.projections.items():
        if progress.is_outdated:
            yield (
                f"The rows of {name} were written by another version of its code.",
                f"placet rebuild-projections {name}",
            )


@alert_rule("projection_lagging")
def _projection_lagging(measured: Snapshot) -> Iterator[tuple[str, str]]:
    for name, progress in measured.projections.items():
        if progress.seconds > STALE_SECONDS and not progress.is_outdated and not progress.waits_for_type:
            yield (
                f"{name} is {progress.lag} events and {progress.seconds:.0f} s behind the log.",
                f"placet check-projections {name}",
            )


@alert_rule("projection_inconsistent")
def _projection_inconsistent(measured: Snapshot) -> Iterator[tuple[str, str]]:
    job = measured.jobs.get("check_projections")
    for name, count in (job.outcome.get("differences", {}) if job else {}).items():
        yield (
            f"In the last nightly check, {count} rows of {name} differed from the log.",
            f"placet rebuild-projections {name}",
        )


@alert_rule("consumer_lagging")
def _consumer_lagging(measured: Snapshot) -> Iterator[tuple[str, str]]:
    for name, progress in measured.consumers.items():
        if progress.seconds > ANSWER_SECONDS and not progress.waits_for_type:
            yield f"The oldest unprocessed event of {name} is {progress.seconds:.0f} s old.", "placet doctor"


@alert_rule("relay_lagging")
def _relay_lagging(measured: Snapshot) -> Iterator[tuple[str, str]]:
    relay = measured.followers.get("relay")
    if relay and relay.seconds > STALE_SECONDS:
        yield f"{relay.lag} events are not in Kafka yet; the oldest is {relay.seconds:.0f} s old.", "placet serve relay"


@alert_rule("tree_head_stale")
def _tree_head_stale(measured: Snapshot) -> Iterator[tuple[str, str]]:
    head = measured.followers["tree_head"]
    if head.seconds > ANSWER_SECONDS:
        yield (
            f"No signed tree head covers the last {head.lag} events; the oldest is {head.seconds:.0f} s old.",
            "placet transparency-log audit",
        )


@alert_rule("dead_letters")
def _dead_letters(measured: Snapshot) -> Iterator[tuple[str, str]]:
    for name, backlog in measured.dead_letters.items():
        yield (
            f"Dead letters of {name}: {backlog.count}, the oldest from {_duration(backlog.oldest_seconds)} ago.",
            "placet dead-letters list",
        )


@alert_rule("outbox_failed")
def _outbox_failed(measured: Snapshot) -> Iterator[tuple[str, str]]:
    for kind, states in measured.outbox.items():
        if count := states.get("failed"):
            yield (
                f"Failed outbox items of kind {kind}: {count}. Each was retried for 24 hours.",
                f"placet outbox retry {kind}",
            )


@alert_rule("outbox_overdue")
def _outbox_overdue(measured: Snapshot) -> Iterator[tuple[str, str]]:
    for kind, backlog in measured.outbox_overdue.items():
        if kind != "job":
            age = _duration(backlog.oldest_seconds)
            yield (
                f"Overdue outbox items of kind {kind}: {backlog.count}, due for up to {age}.",
                "placet serve consumers",
            )


@alert_rule("jobs_starved")
def _jobs_starved(measured: Snapshot) -> Iterator[tuple[str, str]]:
    jobs = measured.generation_jobs
    if jobs.waiting.oldest_seconds > ANSWER_SECONDS and not jobs.leased:
        yield f"Generation jobs waiting: {jobs.waiting.count}. None is running.", "placet serve generator"
    if jobs.last_heartbeat_seconds > HEARTBEAT_SECONDS:
        yield (
            f"A generation job has sent no heartbeat for {jobs.last_heartbeat_seconds:.0f} s.",
            "placet serve generator",
        )


@alert_rule("case_overdue")
def _case_overdue(measured: Snapshot) -> Iterator[tuple[str, str]]:
    cases = measured.cases
    if cases.oldest_seconds > CASE_SECONDS:
        yield (
            f"Open cases: {cases.count}. The oldest has waited for {_duration(cases.oldest_seconds)}.",
            "placet cases list --include-zero-tolerance",
        )


@alert_rule("certificate_expiring")
def _certificate_expiring(measured: Snapshot) -> Iterator[tuple[str, str]]:
    if measured.keys is None:
        yield "There is no certificate to sign clips with.", "make setup"
    elif measured.keys.days_left < CERTIFICATE_DAYS:
        yield f"The signing certificate expires in {measured.keys.days_left} days.", "make setup"


@alert_rule("disk_low")
def _disk_low(measured: Snapshot) -> Iterator[tuple[str, str]]:
    disk = measured.disk
    if disk.free_bytes < FREE_BYTES or disk.free_0_1 < FREE_0_1:
        yield f"The disk has {disk.free_bytes / 2**30:.1f} GiB free ({disk.free_0_1:.0%}).", "placet serve scheduler"


@alert_rule("job_missed")
def _job_missed(measured: Snapshot) -> Iterator[tuple[str, str]]:
    for name, job in measured.jobs.items():
        if job.ended_seconds is not None and job.ended_seconds > JOB_SECONDS:
            yield f"The job {name} last succeeded {_duration(job.ended_seconds)} ago.", "placet serve scheduler"


def _duration(seconds: float) -> str:
    for unit, size in (("days", DAY), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
