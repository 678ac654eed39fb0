"""Projection of filings, and how much each has blocked."""

from typing import Final

from placet.eventlog.projections.runner import ProjectionRows, projection
from placet.eventlog.store.log import RecordedEvent
from placet.rights import events as e
from placet.rights.models import FilingRow

FILINGS: Final = projection("rights.filings", version=1, tables=[FilingRow])


@FILINGS.on(e.OptOutFiled)
def file(fact: e.OptOutFiled, event: RecordedEvent, rows: ProjectionRows) -> None:
    rows.put(
        FilingRow(
            filing=fact.filing, holder=fact.holder, names=list(fact.names), description=fact.description,
            acts=list(fact.acts), regions=list(fact.regions), until=fact.until or "", filed_at=event.at,
        )
    )  # fmt: skip


@FILINGS.on(e.FilingHeld)
def hold(fact: e.FilingHeld, _event: RecordedEvent, rows: ProjectionRows) -> None:
    row = rows.change(FilingRow, str(fact.filing))
    row.state, row.reason = "waiting", fact.reason


@FILINGS.on(e.FilingRejected)
def reject(fact: e.FilingRejected, _event: RecordedEvent, rows: ProjectionRows) -> None:
    rows.change(FilingRow, str(fact.filing)).state = "rejected"


@FILINGS.on(e.OptOutActivated)
def activate(fact: e.OptOutActivated, event: RecordedEvent, rows: ProjectionRows) -> None:
    row = rows.change(FilingRow, str(fact.filing))
    row.state, row.in_force_at = "in_force", event.at


@FILINGS.on(e.OptOutEnded)
def end(fact: e.OptOutEnded, event: RecordedEvent, rows: ProjectionRows) -> None:
    row = rows.change(FilingRow, str(fact.filing))
    row.state, row.ended_at = "ended", event.at


@FILINGS.on(e.ExistingMatchesFound)
def find_existing_matches(fact: e.ExistingMatchesFound, _event: RecordedEvent, rows: ProjectionRows) -> None:
    rows.change(FilingRow, str(fact.filing)).matches = [dict(g) for g in fact.generations]


@FILINGS.on(e.PromptRightsChecked, e.OutputRightsChecked)
def count(fact: e.PromptRightsChecked | e.OutputRightsChecked, _event: RecordedEvent, rows: ProjectionRows) -> None:
    if fact.outcome == "block":
        for filing in fact.features.get("filings", ()):
            rows.change(FilingRow, str(filing)).stopped += 1
