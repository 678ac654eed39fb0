"""Cases as they stand."""

from typing import Final

from moderation import events as e
from moderation.models import CaseRow
from placet.eventlog.projections.runner import Rows, projection
from placet.eventlog.store.log import RecordedEvent

CASES: Final = projection("moderation.cases", version=1, tables=[CaseRow])


@CASES.on(e.CaseOpened)
def open_case(fact: e.CaseOpened, event: RecordedEvent, rows: Rows) -> None:
    rows.put(
        CaseRow(
            case=fact.case, kind=fact.kind, subject=fact.subject, code=fact.code, rule=fact.rule,
            is_floor=fact.is_floor, not_for=list(fact.not_for), because_of=fact.because_of, opened_at=event.at,
            version=event.version,
        )
    )  # fmt: skip


@CASES.on(e.CaseDecided)
def decide(fact: e.CaseDecided, event: RecordedEvent, rows: Rows) -> None:
    row = rows.change(CaseRow, str(fact.case))
    row.decision, row.decided_by, row.decided_at = fact.decision, fact.decided_by, event.at
    row.version = event.version
