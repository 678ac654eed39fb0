"""The rights room's writers: load, decide, append."""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import Append, EventLog
from placet.eventlog.store.retry import retried
from placet.kernel.ids import FilingId, PersonId
from placet.rights import events as e
from placet.rights.aggregate import OPT_OUTS, Filing, State, in_force
from placet.rights.matching.matcher import needs_a_human
from placet.rights.refusals import FilingInvalid, FilingNotFound, NotFilingOwner

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 2_000
MOST_NAMES = 50
ACTS = frozenset({"generation", "training"})
REGION = re.compile(r"\*|[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class FileOptOut:
    """What a rights holder files: one subject, for generation and for training."""

    id: str
    holder: PersonId
    names: tuple[str, ...]
    description: str = ""
    acts: tuple[str, ...] = ("generation", "training")
    regions: tuple[str, ...] = ("*",)
    """Country codes, or `*` for everywhere."""
    until: str | None = None
    """A date or moment (ISO 8601, UTC unless it says otherwise) from which on it no longer applies."""
    statement: str = ""

    @property
    def filing(self) -> FilingId:
        """The id that this filing will have, however often it is sent."""
        return FilingId(str(uuid.uuid5(uuid.UUID(self.id), "filing")))


@retried
def file_opt_out(log: EventLog, ask: FileOptOut, vocabulary: frozenset[str]) -> tuple[FilingId, State]:
    """File an opt-out. In force at once, or waiting for a human when a name would stop too much."""
    _refuse_unusable(ask)
    fact = e.OptOutFiled(
        ask.filing, ask.holder, ask.names, ask.description, ask.acts, ask.regions, _moment(ask.until), ask.statement
    )
    reasons = [reason for name in ask.names if (reason := needs_a_human(name, vocabulary))]
    stream = stream_name(e.OptOutFiled, ask.filing)
    if reasons:
        log.append(stream, [fact, e.FilingHeld(ask.filing, reasons[0])], expected=0, command_id=ask.id)
        return ask.filing, "waiting"
    head = log.heads([OPT_OUTS])[OPT_OUTS]
    enforced = Append(OPT_OUTS, [e.OptOutActivated(ask.filing)], head, command_id=ask.id)
    log.append_all([Append(stream, [fact], 0, command_id=ask.id), enforced])
    return ask.filing, "in_force"


@retried
def end_opt_out(log: EventLog, filing: FilingId, by: PersonId, command_id: str, *, is_operator: bool = False) -> None:
    """End a filing: it applies to nothing from now on. What it stopped before stays recorded."""
    filed = Filing.replay(log.read(stream_name(e.OptOutFiled, filing))).filed
    if filed is None:
        raise FilingNotFound
    if filed.holder != by and not is_operator:
        raise NotFilingOwner
    opt_outs = log.read(OPT_OUTS)
    if filing in in_force(opt_outs):
        log.append(OPT_OUTS, [e.OptOutEnded(filing, by)], expected=opt_outs.version, command_id=command_id)


def _refuse_unusable(ask: FileOptOut) -> None:
    is_named = ask.names and all(0 < len(name.strip()) <= LONGEST_NAME for name in ask.names)
    if not is_named or len(ask.names) > MOST_NAMES or len(ask.description) > LONGEST_DESCRIPTION:
        raise FilingInvalid
    if not ask.acts or not ACTS.issuperset(ask.acts):
        raise FilingInvalid("An opt-out is from generation, training or both.")
    if not ask.regions or not all(REGION.fullmatch(region) for region in ask.regions):
        raise FilingInvalid("A region is a country code of two capital letters, or * for everywhere.")
    try:
        "".join((*ask.names, ask.description, ask.statement)).encode()
    except UnicodeEncodeError:
        raise FilingInvalid from None


def _moment(until: str | None) -> str | None:
    """As every check reads it. A term that no check could read would stop all of them, so it is refused here."""
    if not until:
        return None
    try:
        moment = datetime.fromisoformat(until)
    except ValueError:
        raise FilingInvalid(f"{until!r} is no date: write it as 2030-12-31.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
