"""Queries of the feed."""

from dataclasses import dataclass
from datetime import datetime

from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import Stream, current_log
from placet.feed.models import FeedRow
from placet.people.queries import Person, display_name, people
from placet.studio import events as e
from placet.ui.region import UNKNOWN
from provenance.events import ClipSigned


def newest(region: str, before: int | None = None, limit: int = 10) -> list[FeedRow]:
    """Clips visible in a region, newest first, before a position."""
    rows = FeedRow.objects.filter(is_visible=True)
    rows = (
        rows.filter(excluded_territories=[])
        if region == UNKNOWN
        else rows.exclude(excluded_territories__contains=[region])
    )
    if before is not None:
        rows = rows.filter(position__lt=before)
    return list(rows.order_by("-position")[:limit])


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip as the feed shows it: requester, people depicted, engine and credentials."""

    generation: str
    position: int
    by: str
    depicted: tuple[str, ...]
    parent: str | None
    caption: str
    is_wide: bool
    seconds: float
    published_at: datetime | None
    engine: str
    is_rendered: bool
    """True for the rule-based renderer; false for a trained model."""
    sha256: str
    watermark: str
    signed_at: datetime | None
    read_by: tuple[str, ...]
    """The verification engines that accepted its signature."""


def clips(rows: list[FeedRow]) -> list[Clip]:
    """The clips of these rows, completed from the log."""
    streams = current_log().read_many(
        f"{kind}-{row.generation}" for row in rows for kind in ("generation", "signature")
    )
    names = people(list({str(p) for row in rows for p in (row.requested_by, *row.cameos)}))
    return [_clip(row, streams, names) for row in rows]


def clip(generation: str) -> FeedRow | None:
    """One published clip, visible or not."""
    return FeedRow.objects.filter(generation=generation, published_at__isnull=False).first()


def _clip(row: FeedRow, streams: dict[str, Stream], names: dict[str, Person]) -> Clip:
    facts = streams[stream_name(e.GenerationRequested, row.generation)].facts
    request = next(f for f in facts if isinstance(f, e.GenerationRequested))
    rendered = next((f for f in reversed(facts) if isinstance(f, e.GenerationRendered)), None)
    signed = next(
        (ev for ev in streams[stream_name(ClipSigned, row.generation)] if isinstance(ev.fact, ClipSigned)), None
    )
    recipe = rendered.recipe if rendered else {}
    recipe_engine = recipe.get("engine", {})
    engine = str(recipe_engine.get("name", request.engine))
    is_rendered = engine == "scene"
    return Clip(
        generation=str(row.generation), position=row.position, by=display_name(names, str(row.requested_by)),
        depicted=tuple(display_name(names, p) for p in row.cameos), parent=str(row.parent) if row.parent else None,
        caption=str(e.drawn_in(facts)),
        is_wide=request.width > request.height, seconds=row.seconds, published_at=row.published_at,
        engine=engine if is_rendered else str(recipe_engine.get("label", engine)), is_rendered=is_rendered,
        sha256=row.sha256,
        watermark=rendered.watermark if rendered else "", signed_at=signed.at if signed else None,
        read_by=tuple(signed.fact.engines) if signed else (),
    )  # fmt: skip
