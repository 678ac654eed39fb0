"""Commands of the rights room: load, decide, append."""

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
from placet.rights.matching.matcher import review_reason
from placet.rights.refusals import FilingInvalid, FilingNotFound, NotFilingOwner

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 2_000
MOST_NAMES = 50
ACTS = frozenset({"generation", "training"})
REGION = re.compile(r"\*|[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class FileOptOut:
    """File an opt-out: one work, from generation, training or both."""

    id: str
    holder: PersonId
    names: tuple[str, ...]
    description: str = ""
    acts: tuple[str, ...] = ("generation", "training")
    regions: tuple[str, ...] = ("*",)
    """Country codes, or `*` for everywhere."""
    until: str | None = None
    """Date or time (ISO 8601, UTC without an offset) at which it ends."""
    statement: str = ""

    @property
    def filing(self) -> FilingId:
        """The filing's id, the same each time that the command is sent."""
        return FilingId(str(uuid.uuid5(uuid.UUID(self.id), "filing")))


@retried
def file_opt_out(log: EventLog, command: FileOptOut, vocabulary: frozenset[str]) -> tuple[FilingId, State]:
    """File an opt-out. It is in force at once, or waits for a reviewer when a name would block too much."""
    _refuse_unusable(command)
    fact = e.OptOutFiled(
        command.filing,
        command.holder,
        command.names,
        command.description,
        command.acts,
        command.regions,
        _moment(command.until),
        command.statement,
    )
    reasons = [reason for name in command.names if (reason := review_reason(name, vocabulary))]
    stream = stream_name(e.OptOutFiled, command.filing)
    if reasons:
        log.append(stream, [fact, e.FilingHeld(command.filing, reasons[0])], expected=0, command_id=command.id)
        return command.filing, "waiting"
    head = log.heads([OPT_OUTS])[OPT_OUTS]
    enforced = Append(OPT_OUTS, [e.OptOutActivated(command.filing)], head, command_id=command.id)
    log.append_all([Append(stream, [fact], 0, command_id=command.id), enforced])
    return command.filing, "in_force"


@retried
def end_opt_out(log: EventLog, filing: FilingId, by: PersonId, command_id: str, *, is_operator: bool = False) -> None:
    """End a filing: it applies to nothing from now on. What it blocked before stays recorded."""
    filed = Filing.replay(log.read(stream_name(e.OptOutFiled, filing))).filed
    if filed is None:
        raise FilingNotFound
    if filed.holder != by and not is_operator:
        raise NotFilingOwner
    opt_outs = log.read(OPT_OUTS)
    if filing in in_force(opt_outs):
        log.append(OPT_OUTS, [e.OptOutEnded(filing, by)], expected=opt_outs.version, command_id=command_id)


def _refuse_unusable(command: FileOptOut) -> None:
    is_named = command.names and all(0 < len(name.strip()) <= LONGEST_NAME for name in command.names)
    if not is_named or len(command.names) > MOST_NAMES or len(command.description) > LONGEST_DESCRIPTION:
        raise FilingInvalid
    if not command.acts or not ACTS.issuperset(command.acts):
        raise FilingInvalid("An opt-out is from generation, training or both.")
    if not command.regions or not all(REGION.fullmatch(region) for region in command.regions):
        raise FilingInvalid("A region is a country code of two capital letters, or * for everywhere.")
    try:
        "".join((*command.names, command.description, command.statement)).encode()
    except UnicodeEncodeError:
        raise FilingInvalid from None


def _moment(until: str | None) -> str | None:
    """Normalise the term. An unreadable term would stop every check, so it is refused here."""
    if not until:
        return None
    try:
        moment = datetime.fromisoformat(until)
    except ValueError:
        raise FilingInvalid(f"{until!r} is not a date: write it as 2030-12-31.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
