"""Projections of current consent and of numbered uses."""

from typing import Any, Final

from placet.eventlog.projections.runner import ProjectionRows, projection
from placet.eventlog.store.log import RecordedEvent
from placet.likeness import events as e
from placet.likeness.models import LikenessRow, UseRow
from placet.people.events import ErasurePrepared, PersonErased

CONSENTS: Final = projection("likeness.consents", version=2, tables=[LikenessRow])
USES: Final = projection("likeness.uses", version=1, tables=[UseRow])


@CONSENTS.on(e.EnrolmentRequested, e.EnrolmentRefused)
def enrolment(fact: e.EnrolmentRequested | e.EnrolmentRefused, _event: RecordedEvent, rows: ProjectionRows) -> None:
    _row(fact.person, rows).enrolment = fact.code if isinstance(fact, e.EnrolmentRefused) else "requested"


@CONSENTS.on(e.LikenessEnrolled)
def enrolled(fact: e.LikenessEnrolled, _event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _row(fact.person, rows)
    row.is_enrolled, row.template, row.model, row.enrolment = True, fact.template, fact.model, "enrolled"


@CONSENTS.on(e.ConsentLevelSet)
def level(fact: e.ConsentLevelSet, _event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _row(fact.person, rows)
    row.level, row.is_revoked = fact.level, False


@CONSENTS.on(e.GrantIssued)
def grant(fact: e.GrantIssued, _event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _row(fact.person, rows)
    row.grants, row.is_revoked = sorted({*row.grants, fact.to}), False


@CONSENTS.on(e.GrantRevoked)
def revoke_grant(fact: e.GrantRevoked, _event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _row(fact.person, rows)
    row.grants = [g for g in row.grants if g != fact.to]


@CONSENTS.on(e.ConsentRevoked)
def revoke(fact: e.ConsentRevoked, _event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _row(fact.person, rows)
    row.is_revoked, row.level, row.grants = True, "approved", []


@CONSENTS.on(e.RequesterBlocked)
def block(fact: e.RequesterBlocked, _event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _row(fact.person, rows)
    row.blocked = sorted({*row.blocked, fact.requester})
    row.grants = [g for g in row.grants if g != fact.requester]


@CONSENTS.on(e.RequesterUnblocked)
def unblock(fact: e.RequesterUnblocked, _event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _row(fact.person, rows)
    row.blocked = [b for b in row.blocked if b != fact.requester]


@CONSENTS.on(ErasurePrepared, PersonErased)
def erase(fact: ErasurePrepared | PersonErased, _event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _row(fact.person, rows)
    row.is_enrolled, row.template, row.model, row.enrolment = False, "", "", ""
    row.level, row.grants, row.blocked, row.is_revoked = "approved", [], [], True


@USES.on(e.CameoUsed)
def used(fact: e.CameoUsed, event: RecordedEvent, rows: ProjectionRows) -> None:
    rows.put(
        UseRow(
            id=f"{fact.person}:{event.version}", person=fact.person, number=event.version, generation=fact.generation,
            requested_by=fact.requested_by, stage=fact.stage, parent=fact.parent, code=fact.code,
            is_summary=fact.is_summary,
            at=event.at,
        )
    )  # fmt: skip


def _row(person: Any, rows: ProjectionRows) -> LikenessRow:
    if rows.get(LikenessRow, str(person)) is None:
        rows.put(LikenessRow(person=str(person)))
    return rows.change(LikenessRow, str(person))
