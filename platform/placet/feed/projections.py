"""Projection of the feed: published clips without open restrictions."""

from typing import Final

from placet.eventlog.projections.runner import ProjectionRows, projection
from placet.eventlog.store.log import RecordedEvent
from placet.feed.models import FeedRow
from placet.studio import events as e

FEED: Final = projection("feed.clips", version=1, tables=[FeedRow], by_stream={"generation": FeedRow})


@FEED.on(e.GenerationSigned)
def sign(fact: e.GenerationSigned, _event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _row(fact.generation, rows)
    row.sha256 = fact.sha256


@FEED.on(e.GenerationRequested)
def request(fact: e.GenerationRequested, _event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _row(fact.generation, rows)
    row.requested_by, row.parent, row.cameos, row.seconds = (
        fact.requested_by,
        fact.parent,
        list(fact.cameos),
        fact.seconds,
    )


@FEED.on(e.GenerationRendered)
def render(fact: e.GenerationRendered, _event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _row(fact.generation, rows)
    row.excluded_territories = list(fact.recipe.get("engine", {}).get("excluded_territories", ()))


@FEED.on(e.GenerationPublished)
def publish(fact: e.GenerationPublished, event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _row(fact.generation, rows)
    row.position, row.published_at = event.position, event.at
    row.is_visible = not row.restrictions


@FEED.on(e.RestrictionApplied)
def apply_restriction(fact: e.RestrictionApplied, _event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _row(fact.generation, rows)
    row.restrictions, row.is_visible = {**row.restrictions, fact.opened_by: fact.reason}, False


@FEED.on(e.RestrictionLifted)
def lift_restriction(fact: e.RestrictionLifted, _event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _row(fact.generation, rows)
    row.restrictions = {k: v for k, v in row.restrictions.items() if k != fact.opened_by}
    row.is_visible = row.published_at is not None and not row.restrictions


def _row(generation: str, rows: ProjectionRows) -> FeedRow:
    if rows.get(FeedRow, str(generation)) is None:
        rows.put(FeedRow(generation=str(generation), position=0, requested_by=str(generation)))
    return rows.change(FeedRow, str(generation))
