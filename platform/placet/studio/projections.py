"""Projection of generations, and of the people and ancestors that they depict or descend from."""

from typing import Any, Final

from placet.eventlog.projections.runner import ProjectionRows, projection
from placet.eventlog.store.log import RecordedEvent
from placet.studio import events as e
from placet.studio.generation import STATES
from placet.studio.models import GenerationLinkRow, GenerationRow

GENERATIONS: Final = projection(
    "studio.generations", version=1, tables=[GenerationRow, GenerationLinkRow], by_stream={"generation": GenerationRow}
)
PLAIN_STEPS: Final = (
    e.GenerationApproved, e.GenerationStarted, e.PromptUnsupported, e.OutputApproved, e.GenerationCancelled,
    e.GenerationFailed,
)  # fmt: skip
"""Events that change only the state. The states are those of the aggregate."""


@GENERATIONS.on(e.GenerationRequested)
def request(fact: e.GenerationRequested, event: RecordedEvent, rows: ProjectionRows) -> None:
    rows.put(
        GenerationRow(
            generation=fact.generation, requested_by=fact.requested_by, state="requested", mode=fact.mode,
            parent=fact.parent,
            cameos=list(fact.cameos), ancestors=list(fact.ancestors), seconds=fact.seconds,
            requested_at=event.at, changed_at=event.at,
        )
    )  # fmt: skip
    for kind, targets in [("person", fact.cameos), ("ancestor", fact.ancestors)]:
        for target in targets:
            key = f"{fact.generation}:{kind}:{target}"
            rows.put(
                GenerationLinkRow(
                    id=key, generation=fact.generation, kind=kind, target=target, requested_by=fact.requested_by
                )
            )


@GENERATIONS.on(*PLAIN_STEPS)
def step(fact: Any, event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _changed(fact, event, rows)
    row.state = STATES[type(fact)]


@GENERATIONS.on(e.GenerationHeldForReview, e.GenerationRefused)
def stop(fact: e.GenerationHeldForReview | e.GenerationRefused, event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _changed(fact, event, rows)
    row.state = STATES[type(fact)]
    row.code = fact.code


@GENERATIONS.on(e.HoldReleased)
def release_hold(fact: e.HoldReleased, event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _changed(fact, event, rows)
    row.state = "draft" if row.signed_sha256 else "rendered" if row.rendered_sha256 else "requested"
    row.code = ""


@GENERATIONS.on(e.GenerationRendered)
def render(fact: e.GenerationRendered, event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _changed(fact, event, rows)
    row.state, row.rendered_sha256, row.seconds = STATES[type(fact)], fact.sha256, fact.seconds


@GENERATIONS.on(e.GenerationSigned)
def sign(fact: e.GenerationSigned, event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _changed(fact, event, rows)
    row.state, row.signed_sha256 = STATES[type(fact)], fact.sha256


@GENERATIONS.on(e.GenerationPublished)
def publish(fact: e.GenerationPublished, event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _changed(fact, event, rows)
    row.state, row.read_versions, row.published_at = STATES[type(fact)], dict(fact.read_versions), event.at


@GENERATIONS.on(e.RestrictionApplied)
def apply_restriction(fact: e.RestrictionApplied, event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _changed(fact, event, rows)
    row.restrictions = {**row.restrictions, fact.opened_by: fact.reason}


@GENERATIONS.on(e.RestrictionLifted)
def lift_restriction(fact: e.RestrictionLifted, event: RecordedEvent, rows: ProjectionRows) -> None:
    row = _changed(fact, event, rows)
    row.restrictions = {k: v for k, v in row.restrictions.items() if k != fact.opened_by}


def _changed(fact: Any, event: RecordedEvent, rows: ProjectionRows) -> GenerationRow:
    row = rows.change(GenerationRow, str(fact.generation))
    row.changed_at = event.at
    return row
