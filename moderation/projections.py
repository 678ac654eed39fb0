"""Projection of cases."""

from typing import Final

from moderation import events as e
from moderation.models import CaseRow
from placet.eventlog.projections.runner import ProjectionRows, projection
from placet.eventlog.store.log import RecordedEvent

CASES: Final = projection("moderation.cases", version=1, tables=[CaseRow])


@CASES.on(e.CaseOpened)
def open_case(fact: e.CaseOpened, event: RecordedEvent, rows: ProjectionRows) -> None:
    rows.put(
        CaseRow(
            case=fact.case, kind=fact.kind, subject=fact.subject, code=fact.code, rule=fact.rule,
            is_zero_tolerance=fact.is_zero_tolerance, excluded_reviewers=list(fact.excluded_reviewers),
            opened_by_event=fact.opened_by_event, opened_at=event.at,
            version=event.version,
        )
    )  # fmt: skip


@CASES.on(e.CaseDecided)
def decide(fact: e.CaseDecided, event: RecordedEvent, rows: ProjectionRows) -> None:
    row = rows.change(CaseRow, str(fact.case))
    row.decision, row.decided_by, row.decided_at = fact.decision, fact.decided_by, event.at
    row.version = event.version
