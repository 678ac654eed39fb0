"""Generations as they stand, and who is shown in them."""

from typing import Any, Final

from placet.eventlog.projections.runner import Rows, projection
from placet.eventlog.store.log import RecordedEvent
from placet.studio import events as e
from placet.studio.models import GenerationRow, ShownRow

GENERATIONS: Final = projection(
    "studio.generations", version=1, tables=[GenerationRow, ShownRow], by_stream={"generation": GenerationRow}
)
STATES: Final[dict[type[Any], str]] = {
    e.GenerationApproved: "approved",
    e.GenerationStarted: "started",
    e.VocabularyExceeded: "outside_vocabulary",
    e.OutputCleared: "cleared",
    e.GenerationCancelled: "cancelled",
    e.GenerationFailed: "failed",
}


@GENERATIONS.on(e.GenerationRequested)
def begin(fact: e.GenerationRequested, event: RecordedEvent, rows: Rows) -> None:
    rows.put(
        GenerationRow(
            generation=fact.generation, asked_by=fact.asked_by, state="requested", mode=fact.mode, parent=fact.parent,
            cameos=list(fact.cameos), ancestors=list(fact.ancestors), seconds=fact.seconds,
            requested_at=event.at, changed_at=event.at,
        )
    )  # fmt: skip
    for kind, shown in [("person", fact.cameos), ("ancestor", fact.ancestors)]:
        for one in shown:
            key = f"{fact.generation}:{kind}:{one}"
            rows.put(ShownRow(id=key, generation=fact.generation, kind=kind, shown=one, asked_by=fact.asked_by))


@GENERATIONS.on(*STATES)
def step(fact: Any, event: RecordedEvent, rows: Rows) -> None:
    row = _changed(fact, event, rows)
    row.state = STATES[type(fact)]


@GENERATIONS.on(e.GenerationHeld, e.GenerationRefused)
def stop(fact: e.GenerationHeld | e.GenerationRefused, event: RecordedEvent, rows: Rows) -> None:
    row = _changed(fact, event, rows)
    row.state = "held" if isinstance(fact, e.GenerationHeld) else "refused"
    row.code = fact.code


@GENERATIONS.on(e.HoldLifted)
def lift(fact: e.HoldLifted, event: RecordedEvent, rows: Rows) -> None:
    row = _changed(fact, event, rows)
    row.state = "draft" if row.signed_sha256 else "made" if row.made_sha256 else "requested"
    row.code = ""


@GENERATIONS.on(e.GenerationMade)
def make(fact: e.GenerationMade, event: RecordedEvent, rows: Rows) -> None:
    row = _changed(fact, event, rows)
    row.state, row.made_sha256, row.seconds = "made", fact.sha256, fact.seconds


@GENERATIONS.on(e.GenerationSigned)
def sign(fact: e.GenerationSigned, event: RecordedEvent, rows: Rows) -> None:
    row = _changed(fact, event, rows)
    row.state, row.signed_sha256 = "draft", fact.sha256


@GENERATIONS.on(e.GenerationPublished)
def publish(fact: e.GenerationPublished, event: RecordedEvent, rows: Rows) -> None:
    row = _changed(fact, event, rows)
    row.state, row.ground, row.published_at = "published", dict(fact.ground), event.at


@GENERATIONS.on(e.StandingOpened)
def open_standing(fact: e.StandingOpened, event: RecordedEvent, rows: Rows) -> None:
    row = _changed(fact, event, rows)
    row.standing = {**row.standing, fact.opened_by: fact.reason}


@GENERATIONS.on(e.StandingClosed)
def close_standing(fact: e.StandingClosed, event: RecordedEvent, rows: Rows) -> None:
    row = _changed(fact, event, rows)
    row.standing = {k: v for k, v in row.standing.items() if k != fact.opened_by}


def _changed(fact: Any, event: RecordedEvent, rows: Rows) -> GenerationRow:
    row = rows.change(GenerationRow, _key(fact.generation))
    row.changed_at = event.at
    return row


def _key(generation: str) -> str:
    return str(generation)
