"""Measures judged: what somebody must look at now, the command that mends it, and the page that explains it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from placet.operations.monitoring.snapshot import Snapshot
from placet.runtime.supervisor.process_table import role_names

DAY: Final = 86_400.0
STALE_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 60.0
CASE_SECONDS: Final = DAY
START_SECONDS: Final = 60.0
QUIET_RUN_SECONDS: Final = 30.0
KEY_DAYS: Final = 30
FREE_BYTES: Final = 5 * 2**30
FREE_0_1: Final = 0.05
JOB_SECONDS: Final = 26 * 3600.0


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that is wrong. Its code names its page in `docs/runbook/`."""

    code: str
    message: str
    hint: str

    @property
    def runbook_url(self) -> str:
        """Where it stands what it means, what to look at, what to do, and when it is over."""
        return f"docs/runbook/{self.code}.md"


AlertRule = Callable[[Snapshot], Iterator[tuple[str, str]]]
ALERT_RULES: Final[dict[str, AlertRule]] = {}
"""Code -> what is wrong, and the command that mends it."""


def active_alerts(measured: Snapshot) -> list[Alert]:
    """Everything that is wrong, in the order in which it is worth looking at."""
    return [Alert(code, told, mend) for code, judge in ALERT_RULES.items() for told, mend in judge(measured)]


def alert_rule(code: str) -> Callable[[AlertRule], AlertRule]:
    def register(judge: AlertRule) -> AlertRule:
        ALERT_RULES[code] = judge
        return judge

    return register


@alert_rule("process_away")
def _process_down(measured: Snapshot) -> Iterator[tuple[str, str]]:
    """Only where some role has been up for a while: a command alone expects nobody, and a start takes seconds."""
    for role in role_names(measured.transport) if measured.up_seconds > START_SECONDS else ():
        if role not in measured.processes:
            yield f"nobody works as {role}: it has no connection to PostgreSQL", f"placet run {role}"


@alert_rule("sequencer_stands")
def _sequencer_stalled(measured: Snapshot) -> Iterator[tuple[str, str]]:
    waiting = measured.sequencer
    if waiting.oldest_seconds > STALE_SECONDS:
        yield (
            f"{waiting.count} events wait for a position, since {waiting.oldest_seconds:.0f} s",
            "placet run sequencer",
        )


@alert_rule("type_unknown")
def _unknown_event_type(measured: Snapshot) -> Iterator[tuple[str, str]]:
    for name, place in {**measured.projections, **measured.consumers}.items():
        if place.waits_for_type and place.seconds > STALE_SECONDS:
            told = f"{name} waits beyond position {place.position}: {place.waits_for_type} is not known here"
            yield told, "git pull && make setup"


@alert_rule("projection_outdated")
def _projection_outdated(measured: Snapshot) -> Iterator[tuple[str, str]]:
    for name, place in measured.projections.items():
        if place.is_outdated:
            yield f"the rows of {name} were folded by another version of its code", f"placet rebuild {name}"


@alert_rule("projection_behind")
def _projection_lagging(measured: Snapshot) -> Iterator[tuple[str, str]]:
    for name, place in measured.projections.items():
        if place.seconds > STALE_SECONDS and not place.is_outdated and not place.waits_for_type:
            yield f"{name} is {place.lag} events and {place.seconds:.0f} s behind", f"placet shadow {name}"


@alert_rule("projection_differs")
def _projection_inconsistent(measured: Snapshot) -> Iterator[tuple[str, str]]:
    chore = measured.jobs.get("shadow")
    for name, count in (chore.outcome.get("differences", {}) if chore else {}).items():
        yield f"{count} rows of {name} were not what the log gives, last night", f"placet rebuild {name}"


@alert_rule("consumer_behind")
def _consumer_lagging(measured: Snapshot) -> Iterator[tuple[str, str]]:
    for name, place in measured.consumers.items():
        if place.seconds > ANSWER_SECONDS and not place.waits_for_type:
            yield f"{name} has an event to answer since {place.seconds:.0f} s", "placet doctor"


@alert_rule("relay_behind")
def _relay_lagging(measured: Snapshot) -> Iterator[tuple[str, str]]:
    relay = measured.followers.get("relay")
    if relay and relay.seconds > STALE_SECONDS:
        yield f"the relay has {relay.lag} events to carry to Kafka, since {relay.seconds:.0f} s", "placet run relay"


@alert_rule("head_unsigned")
def _tree_head_stale(measured: Snapshot) -> Iterator[tuple[str, str]]:
    head = measured.followers["tree_head"]
    if head.seconds > ANSWER_SECONDS:
        yield f"{head.lag} events are under no signed tree head, since {head.seconds:.0f} s", "placet log check"


@alert_rule("events_parked")
def _dead_letters(measured: Snapshot) -> Iterator[tuple[str, str]]:
    for name, waiting in measured.dead_letters.items():
        yield (
            f"{name} parked {waiting.count} events, the oldest {_long(waiting.oldest_seconds)} ago",
            "placet parked list",
        )


@alert_rule("effects_failed")
def _outbox_failed(measured: Snapshot) -> Iterator[tuple[str, str]]:
    for kind, states in measured.outbox.items():
        if count := states.get("failed"):
            yield f"{count} effects of kind {kind} were given up after 24 hours", f"placet parked retry-effects {kind}"


@alert_rule("effects_late")
def _outbox_overdue(measured: Snapshot) -> Iterator[tuple[str, str]]:
    for kind, waiting in measured.outbox_overdue.items():
        if kind != "run":
            told = f"{waiting.count} effects of kind {kind} are due, the oldest since {_long(waiting.oldest_seconds)}"
            yield told, "placet run consumers"


@alert_rule("runs_wait")
def _jobs_starved(measured: Snapshot) -> Iterator[tuple[str, str]]:
    runs = measured.generation_jobs
    if runs.waiting.oldest_seconds > ANSWER_SECONDS and not runs.leased:
        yield f"{runs.waiting.count} runs wait, and none is being made", "placet run worker"
    if runs.last_heartbeat_seconds > QUIET_RUN_SECONDS:
        yield f"a run is without a heartbeat for {runs.last_heartbeat_seconds:.0f} s", "placet run worker"


@alert_rule("case_waits")
def _case_overdue(measured: Snapshot) -> Iterator[tuple[str, str]]:
    if measured.cases.oldest_seconds > CASE_SECONDS:
        told = f"{measured.cases.count} cases wait, the oldest for {_long(measured.cases.oldest_seconds)}"
        yield told, "placet case list --with-floor"


@alert_rule("certificate_ends")
def _certificate_expiring(measured: Snapshot) -> Iterator[tuple[str, str]]:
    if measured.keys is None:
        yield "there is no certificate to sign clips with", "make setup"
    elif measured.keys.days_left < KEY_DAYS:
        yield f"the signing certificate ends in {measured.keys.days_left} days", "make setup"


@alert_rule("disk_full")
def _disk_low(measured: Snapshot) -> Iterator[tuple[str, str]]:
    disk = measured.disk
    if disk.free_bytes < FREE_BYTES or disk.free_0_1 < FREE_0_1:
        yield f"{disk.free_bytes / 2**30:.1f} GiB ({disk.free_0_1:.0%}) of the disk are free", "placet run housekeeping"


@alert_rule("chore_missed")
def _job_missed(measured: Snapshot) -> Iterator[tuple[str, str]]:
    for name, chore in measured.jobs.items():
        if chore.ended_seconds is not None and chore.ended_seconds > JOB_SECONDS:
            yield f"{name} last ended {_long(chore.ended_seconds)} ago", "placet run housekeeping"


def _long(seconds: float) -> str:
    for unit, size in (("days", DAY), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


PAGES: Final[Mapping[str, str]] = {code: f"docs/runbook/{code}.md" for code in ALERT_RULES}
"""Code -> its page, from the root of the checkout."""
