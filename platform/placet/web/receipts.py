"""Whom an event concerns, and so who may have its receipt. Events that are not in the table have no receipt."""

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
    """The rights holder of the filing."""
    filed = Filing.replay(log.read(stream_name(rights.OptOutFiled, fact.filing))).filed
    return str(filed.holder) if filed else ""


CONCERNED: Final[dict[type[Any], Concerned]] = {
    # the filer
    rights.OptOutFiled: _named("holder"),
    rights.FilingHeld: _holder,
    rights.FilingRejected: _holder,
    rights.OptOutActivated: _holder,
    rights.OptOutEnded: _holder,
    # the person shown
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
    """The receipt of an event that concerns the actor.

    Raises `ReceiptNotFound`, the same for an unknown event and for one of somebody else; `NotYetSigned`.
    """
    location = event_row(log, event_id)
    person = str(getattr(actor, "person", ""))
    if location is None or not can(actor, "receipt.issue", ResourceContext(depicted=_concerned(log, location))):
        raise ReceiptNotFound
    return issue_receipt(log, location, person, tick, seconds)


def filing_event(log: EventLog, filing: str) -> str:
    """The id of the event that filed an opt-out. Raises `ReceiptNotFound`."""
    filed = [
        event
        for event in log.read(stream_name(rights.OptOutFiled, UUID(filing)))
        if isinstance(event.fact, rights.OptOutFiled)
    ]
    if not filed:
        raise ReceiptNotFound
    return filed[0].event_id


def types() -> set[str]:
    """The event types in this table."""
    return {BY_CLASS[fact].name for fact in CONCERNED}


def _concerned(log: EventLog, location: tuple[str, int]) -> frozenset[str]:
    stream, version = location
    event = log.read(stream, after=version - 1).events[0]
    whom = CONCERNED.get(type(event.fact))
    return frozenset({whom(log, event.fact)} - {""}) if whom else frozenset()
