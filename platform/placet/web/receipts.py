"""Whom an event concerns, and so who may have its receipt. A table; what is not in it nobody gets a receipt of."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from moderation import events as moderation
from placet.eventlog.polling import Tick
from placet.eventlog.proofs.issue_receipt import WAIT_SECONDS, issue_receipt
from placet.eventlog.proofs.receipt import Receipt
from placet.eventlog.proofs.receipt_types import event_row
from placet.eventlog.proofs.refusals import ReceiptNotFound
from placet.eventlog.store.event import BY_CLASS, stream_name
from placet.eventlog.store.log import EventLog
from placet.likeness import events as likeness
from placet.people.permissions import Actor, ResourceContext, can
from placet.rights import events as rights
from placet.rights.aggregate import Filing

Concerned = Callable[[EventLog, Any], str]


def _named(field: str) -> Concerned:
    return lambda _log, fact: str(getattr(fact, field))


def _holder(log: EventLog, fact: Any) -> str:
    """The rights holder whose filing this is about."""
    filed = Filing.replay(log.read(stream_name(rights.OptOutFiled, fact.filing))).filed
    return str(filed.holder) if filed else ""


CONCERNED: Final[dict[type[Any], Concerned]] = {
    # the filer
    rights.OptOutFiled: _named("holder"),
    rights.FilingHeld: _holder,
    rights.FilingRejected: _holder,
    rights.OptOutActivated: _holder,
    rights.OptOutEnded: _holder,
    # the person whose likeness it is
    likeness.LikenessEnrolled: _named("person"),
    likeness.ConsentLevelSet: _named("person"),
    likeness.GrantIssued: _named("person"),
    likeness.GrantRevoked: _named("person"),
    likeness.ConsentRevoked: _named("person"),
    likeness.RequesterBlocked: _named("person"),
    likeness.RequesterUnblocked: _named("person"),
    # the reporter, the appellant, the one who decides
    moderation.ClipReported: _named("reported_by"),
    moderation.AppealFiled: _named("appellant"),
    moderation.CaseDecided: _named("decided_by"),
}


def receipt_for(
    log: EventLog, event_id: str, actor: Actor, *, tick: Tick | None = None, seconds: float = WAIT_SECONDS
) -> Receipt:
    """Somebody's receipt of an event that concerns them.

    Raises `ReceiptNotFound`, the same for what is not there and for what is not theirs; `NotYetSigned`.
    """
    place = event_row(log, event_id)
    person = str(getattr(actor, "person", ""))
    if place is None or not can(actor, "receipt.issue", ResourceContext(depicted=_concerned(log, place))):
        raise ReceiptNotFound
    return issue_receipt(log, place, person, tick, seconds)


def filing_event(log: EventLog, filing: str) -> str:
    """The id of the event by which a filing was filed. Raises `ReceiptNotFound`."""
    filed = [
        event
        for event in log.read(stream_name(rights.OptOutFiled, UUID(filing)))
        if isinstance(event.fact, rights.OptOutFiled)
    ]
    if not filed:
        raise ReceiptNotFound
    return filed[0].event_id


def types() -> set[str]:
    """The types that this table knows."""
    return {BY_CLASS[fact].name for fact in CONCERNED}


def _concerned(log: EventLog, place: tuple[str, int]) -> frozenset[str]:
    stream, version = place
    event = log.read(stream, after=version - 1).events[0]
    whom = CONCERNED.get(type(event.fact))
    return frozenset({whom(log, event.fact)} - {""}) if whom else frozenset()
