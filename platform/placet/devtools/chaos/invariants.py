"""Whether the promises held, read from the log, the files of the install and the outbox, and from no process."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.db import connection

from placet.devtools.chaos.load import Acknowledged
from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import EventLog, RecordedEvent
from placet.likeness import events as likeness
from placet.likeness.consent import consent_of
from placet.media.blobs import Area
from placet.media.storage import blobs
from placet.studio import events as studio
from placet.studio.generation import OUTPUT_CHECKS, PROMPT_CHECKS, Generation
from provenance.consumers import keys
from provenance.pki.install_pki import ANCHORS
from provenance.verification.verify import verify

PAGE: Final = 2_000
ONCE: Final = (
    studio.GenerationRequested, studio.GenerationApproved, studio.GenerationRendered, studio.OutputApproved,
    studio.GenerationSigned, studio.GenerationPublished,
)  # fmt: skip
MESSAGE_ID: Final = re.compile(r"^Message-ID:\s*<([^@>]+)@", re.MULTILINE)


@dataclass(slots=True)
class InvariantReport:
    """How often a promise was checked, and a sentence for each time it was broken."""

    checked: int = 0
    broken: list[str] = field(default_factory=list)

    def expect(self, is_so: object, otherwise: str) -> None:
        self.checked += 1
        if not is_so:
            self.broken.append(otherwise)


@dataclass(slots=True)
class History:
    """The whole log in order, by stream."""

    streams: dict[str, list[RecordedEvent]]

    @classmethod
    def of(cls, log: EventLog) -> "History":
        streams: dict[str, list[RecordedEvent]] = defaultdict(list)
        position = 0
        while page := log.read_from(position, PAGE):
            for event in page:
                streams[event.stream].append(event)
            position = page[-1].position
        return cls(dict(streams))

    def generations(self) -> Iterator[tuple[str, list[RecordedEvent]]]:
        return ((s, events) for s, events in self.streams.items() if s.startswith("generation-"))

    def all(self, *kinds: type[Any]) -> Iterator[RecordedEvent]:
        return (e for events in self.streams.values() for e in events if isinstance(e.fact, kinds))


def prove(log: EventLog, acknowledged: Acknowledged, mail: Path) -> dict[str, InvariantReport]:
    """P1, P2, P3 and P6 over the whole log. Call when nothing is being written."""
    history = History.of(log)
    proofs: dict[str, Callable[[History, Acknowledged, Path], InvariantReport]] = {
        "P1": _p1,
        "P2": _p2,
        "P3": _p3,
        "P6": _p6,
    }
    return {name: proof(history, acknowledged, mail) for name, proof in proofs.items()}


def _p1(history: History, _acknowledged: Acknowledged, _mail: Path) -> InvariantReport:
    """All six verdicts clear, no precondition changed at that moment, and a file that two engines verify as good."""
    found = InvariantReport()
    for stream, events in history.generations():
        for event in (e for e in events if isinstance(e.fact, studio.GenerationPublished)):
            before = Generation()
            for earlier in events[: event.version - 1]:
                before.apply(earlier.fact)
            found.expect(before.is_clear(PROMPT_CHECKS | OUTPUT_CHECKS), f"{stream} published without a clear verdict")
            for name, version in event.fact.read_versions.items():
                later = [e for e in history.streams.get(name, []) if e.version > version]
                found.expect(all(e.position > event.position for e in later), f"{stream} published on a changed {name}")
            found.expect(before.signed, f"{stream} published unsigned")
            if before.signed:
                anchors = (keys() / ANCHORS).read_text()
                answer = verify(blobs().path(before.signed.sha256, Area.RELEASED), anchors)
                found.expect(answer.is_good and answer.agree, f"{stream}: {answer.reasons}")
    return found


def _p2(history: History, _acknowledged: Acknowledged, _mail: Path) -> InvariantReport:
    """One use per person and stage, numbered without gaps."""
    found = InvariantReport()
    for stream, events in history.streams.items():
        if stream.startswith("use-"):
            found.expect([e.version for e in events] == list(range(1, len(events) + 1)), f"{stream} has a gap")
            counts = Counter((e.fact.generation, e.fact.stage) for e in events if e.fact.stage not in SEVERAL)
            found.expect(max(counts.values(), default=1) == 1, f"{stream} has a use twice: {counts.most_common(1)}")
    for stream, events in history.generations():
        request = events[0].fact
        stages = {stage for kind, stage in STAGES.items() if any(isinstance(e.fact, kind) for e in events)}
        for person in request.cameos:
            uses = {e.fact.stage for e in history.streams.get(stream_name(likeness.CameoUsed, person), [])
                    if e.fact.generation == request.generation}  # fmt: skip
            found.expect(stages <= uses, f"{stream}: {person} has notices of {sorted(uses)}, expected {sorted(stages)}")
    return found


STAGES: Final = {
    studio.GenerationApproved: "requested", studio.GenerationSigned: "draft", studio.GenerationPublished: "published",
}  # fmt: skip
SEVERAL: Final = {"blocked", "downloaded"}


def _p3(history: History, acknowledged: Acknowledged, _mail: Path) -> InvariantReport:
    """From a revocation to the next consent, nothing with that likeness starts, is published or is served."""
    found = InvariantReport(
        acknowledged.looked, [f"{g} was served after the revocation" for g in acknowledged.served_after]
    )
    steps = [
        (e.position, events[0].fact, type(e.fact).__name__)
        for _, events in history.generations()
        for e in events
        if isinstance(e.fact, studio.GenerationStarted | studio.GenerationPublished)
    ]
    for event in history.all(likeness.ConsentRevoked):
        until = _consent_after(history, event)
        for position, request, step in steps:
            if event.fact.person in request.cameos:
                is_after = event.position < position < until
                found.expect(not is_after, f"{step} of {request.generation} at {position}, revoked at {event.position}")
    return found


def _consent_after(history: History, revoked: RecordedEvent) -> float:
    later = history.streams[consent_of(revoked.fact.person)][revoked.version :]
    consents = (likeness.ConsentLevelSet, likeness.GrantIssued)
    return next((float(e.position) for e in later if isinstance(e.fact, consents)), float("inf"))


def _p6(history: History, acknowledged: Acknowledged, mail: Path) -> InvariantReport:
    """Everything acknowledged is in the log; nothing is there twice; every outbox item is done, under one key."""
    found = InvariantReport(0, list(acknowledged.broken))
    for generation in acknowledged.asked:
        found.expect(
            stream_name(studio.GenerationRequested, generation) in history.streams,
            f"{generation} was acknowledged and is lost",
        )
    for generation in acknowledged.published:
        facts = [e.fact for e in history.streams.get(stream_name(studio.GenerationRequested, generation), [])]
        found.expect(any(isinstance(f, studio.GenerationPublished) for f in facts), f"{generation}: publication lost")
    commands = {e.command_id for e in history.all(likeness.ConsentRevoked)}
    for command in acknowledged.revoked:
        found.expect(command in commands, f"revocation {command} was acknowledged and is lost")
    for stream, events in history.generations():
        counts = Counter(type(e.fact) for e in events)
        found.expect(max(counts[kind] for kind in ONCE) == 1, f"{stream}: {counts.most_common(1)} twice")
    _outbox(history, found, mail)
    return found


def _outbox(history: History, found: InvariantReport, mail: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, count(*) FROM eventlog_outbox WHERE state <> 'done' GROUP BY state")
        open_items = dict(cursor.fetchall())
    found.expect(not open_items, f"outbox items are left: {open_items}")
    sent = {key for file in mail.glob("*.log") for key in MESSAGE_ID.findall(file.read_text())}
    due = {f"{e.event_id}-cameo-{e.fact.person}" for e in history.all(likeness.CameoUsed)}
    found.expect(due <= sent, f"{len(due - sent)} notices were never mailed")
    found.expect(sent <= due, f"{len(sent - due)} mails belong to no use")
