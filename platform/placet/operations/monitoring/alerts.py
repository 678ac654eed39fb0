"""Measures judged: what somebody must look at now, the command that mends it, and the page that explains it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from placet.operations.monitoring.snapshot import Measures
from placet.runtime.supervisor.process_table import roles

DAY: Final = 86_400.0
STALE_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 60.0
CASE_SECONDS: Final = DAY
START_SECONDS: Final = 60.0
QUIET_RUN_SECONDS: Final = 30.0
KEY_DAYS: Final = 30
FREE_BYTES: Final = 5 * 2**30
FREE_0_1: Final = 0.05
CHORE_SECONDS: Final = 26 * 3600.0


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong. Its code names its page in `docs/runbook/`."""

    code: str
    told: str
    mend: str

    @property
    def page(self) -> str:
        """Where it stands what it means, what to look at, what to do, and when it is over."""
        return f"docs/runbook/{self.code}.md"


Judge = Callable[[Measures], Iterator[tuple[str, str]]]
JUDGES: Final[dict[str, Judge]] = {}
"""Code -> what is wrong, and the command that mends it."""


def alarms(measured: Measures) -> list[Alarm]:
    """Everything that is wrong, in the order in which it is worth looking at."""
    return [Alarm(code, told, mend) for code, judge in JUDGES.items() for told, mend in judge(measured)]


def _judges(code: str) -> Callable[[Judge], Judge]:
    def register(judge: Judge) -> Judge:
        JUDGES[code] = judge
        return judge

    return register


@_judges("process_away")
def _away(measured: Measures) -> Iterator[tuple[str, str]]:
    """Only where some role has been up for a while: a command alone expects nobody, and a start takes seconds."""
    for role in roles(measured.transport) if measured.up_seconds > START_SECONDS else ():
        if role not in measured.processes:
            yield f"nobody works as {role}: it has no connection to PostgreSQL", f"placet run {role}"


@_judges("sequencer_stands")
def _sequencer(measured: Measures) -> Iterator[tuple[str, str]]:
    waiting = measured.sequencer
    if waiting.oldest_seconds > STALE_SECONDS:
        yield (
            f"{waiting.count} events wait for a position, since {waiting.oldest_seconds:.0f} s",
            "placet run sequencer",
        )


@_judges("type_unknown")
def _unknown(measured: Measures) -> Iterator[tuple[str, str]]:
    for name, place in {**measured.projections, **measured.consumers}.items():
        if place.waits_for_type and place.seconds > STALE_SECONDS:
            told = f"{name} waits beyond position {place.position}: {place.waits_for_type} is not known here"
            yield told, "git pull && make setup"


@_judges("projection_outdated")
def _outdated(measured: Measures) -> Iterator[tuple[str, str]]:
    for name, place in measured.projections.items():
        if place.is_outdated:
            yield f"the rows of {name} were folded by another version of its code", f"placet rebuild {name}"


@_judges("projection_behind")
def _projection(measured: Measures) -> Iterator[tuple[str, str]]:
    for name, place in measured.projections.items():
        if place.seconds > STALE_SECONDS and not place.is_outdated and not place.waits_for_type:
            yield f"{name} is {place.lag} events and {place.seconds:.0f} s behind", f"placet shadow {name}"


@_judges("projection_differs")
def _differs(measured: Measures) -> Iterator[tuple[str, str]]:
    chore = measured.chores.get("shadow")
    for name, count in (chore.outcome.get("differences", {}) if chore else {}).items():
        yield f"{count} rows of {name} were not what the log gives, last night", f"placet rebuild {name}"


@_judges("consumer_behind")
def _consumer(measured: Measures) -> Iterator[tuple[str, str]]:
    for name, place in measured.consumers.items():
        if place.seconds > ANSWER_SECONDS and not place.waits_for_type:
            yield f"{name} has an event to answer since {place.seconds:.0f} s", "placet doctor"


@_judges("relay_behind")
def _relay(measured: Measures) -> Iterator[tuple[str, str]]:
    relay = measured.followers.get("relay")
    if relay and relay.seconds > STALE_SECONDS:
        yield f"the relay has {relay.lag} events to carry to Kafka, since {relay.seconds:.0f} s", "placet run relay"


@_judges("head_unsigned")
def _head(measured: Measures) -> Iterator[tuple[str, str]]:
    head = measured.followers["tree_head"]
    if head.seconds > ANSWER_SECONDS:
        yield f"{head.lag} events are under no signed tree head, since {head.seconds:.0f} s", "placet log check"


@_judges("events_parked")
def _parked(measured: Measures) -> Iterator[tuple[str, str]]:
    for name, waiting in measured.parked.items():
        yield (
            f"{name} parked {waiting.count} events, the oldest {_long(waiting.oldest_seconds)} ago",
            "placet parked list",
        )


@_judges("effects_failed")
def _failed(measured: Measures) -> Iterator[tuple[str, str]]:
    for kind, states in measured.effects.items():
        if count := states.get("failed"):
            yield f"{count} effects of kind {kind} were given up after 24 hours", f"placet parked retry-effects {kind}"


@_judges("effects_late")
def _late(measured: Measures) -> Iterator[tuple[str, str]]:
    for kind, waiting in measured.late.items():
        if kind != "run":
            told = f"{waiting.count} effects of kind {kind} are due, the oldest since {_long(waiting.oldest_seconds)}"
            yield told, "placet run consumers"


@_judges("runs_wait")
def _runs(measured: Measures) -> Iterator[tuple[str, str]]:
    runs = measured.runs
    if runs.waiting.oldest_seconds > ANSWER_SECONDS and not runs.leased:
        yield f"{runs.waiting.count} runs wait, and none is being made", "placet run worker"
    if runs.last_beat_seconds > QUIET_RUN_SECONDS:
        yield f"a run is without a heartbeat for {runs.last_beat_seconds:.0f} s", "placet run worker"


@_judges("case_waits")
def _cases(measured: Measures) -> Iterator[tuple[str, str]]:
    if measured.cases.oldest_seconds > CASE_SECONDS:
        told = f"{measured.cases.count} cases wait, the oldest for {_long(measured.cases.oldest_seconds)}"
        yield told, "placet case list --with-floor"


@_judges("certificate_ends")
def _keys(measured: Measures) -> Iterator[tuple[str, str]]:
    if measured.keys is None:
        yield "there is no certificate to sign clips with", "make setup"
    elif measured.keys.days_left < KEY_DAYS:
        yield f"the signing certificate ends in {measured.keys.days_left} days", "make setup"


@_judges("disk_full")
def _disk(measured: Measures) -> Iterator[tuple[str, str]]:
    disk = measured.disk
    if disk.free_bytes < FREE_BYTES or disk.free_0_1 < FREE_0_1:
        yield f"{disk.free_bytes / 2**30:.1f} GiB ({disk.free_0_1:.0%}) of the disk are free", "placet run housekeeping"


@_judges("chore_missed")
def _chores(measured: Measures) -> Iterator[tuple[str, str]]:
    for name, chore in measured.chores.items():
        if chore.ended_seconds is not None and chore.ended_seconds > CHORE_SECONDS:
            yield f"{name} last ended {_long(chore.ended_seconds)} ago", "placet run housekeeping"


def _long(seconds: float) -> str:
    for unit, size in (("days", DAY), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


PAGES: Final[Mapping[str, str]] = {code: f"docs/runbook/{code}.md" for code in JUDGES}
"""Code -> its page, from the root of the checkout."""
