"""Named reads of the feed."""

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
    """Clips shown in a region, newest first, before a position."""
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
    """One clip as the feed shows it: whose, with whom, made by what, and what its credentials say."""

    generation: str
    position: int
    by: str
    shown: tuple[str, ...]
    parent: str | None
    caption: str
    is_wide: bool
    seconds: float
    published_at: datetime | None
    engine: str
    is_rendered: bool
    """Drawn by a renderer from rules; otherwise by a model."""
    sha256: str
    watermark: str
    signed_at: datetime | None
    read_by: tuple[str, ...]
    """The engines that read its signature as good."""


def clips(rows: list[FeedRow]) -> list[Clip]:
    """The clips of these rows, with what the log says of each."""
    streams = current_log().read_many(
        f"{kind}-{row.generation}" for row in rows for kind in ("generation", "signature")
    )
    names = people(list({str(p) for row in rows for p in (row.requested_by, *row.cameos)}))
    return [_clip(row, streams, names) for row in rows]


def clip(generation: str) -> FeedRow | None:
    """One clip, shown or not."""
    return FeedRow.objects.filter(generation=generation, published_at__isnull=False).first()


def _clip(row: FeedRow, streams: dict[str, Stream], names: dict[str, Person]) -> Clip:
    life = streams[stream_name(e.GenerationRequested, row.generation)].facts
    asked = next(f for f in life if isinstance(f, e.GenerationRequested))
    made = next((f for f in reversed(life) if isinstance(f, e.GenerationRendered)), None)
    signed = next(
        (ev for ev in streams[stream_name(ClipSigned, row.generation)] if isinstance(ev.fact, ClipSigned)), None
    )
    recipe = made.recipe if made else {}
    maker = recipe.get("engine", {})
    engine = str(maker.get("name", asked.engine))
    is_rendered = engine == "scene"
    return Clip(
        generation=str(row.generation), position=row.position, by=display_name(names, str(row.requested_by)),
        shown=tuple(display_name(names, p) for p in row.cameos), parent=str(row.parent) if row.parent else None,
        caption=str(e.drawn_in(life)),
        is_wide=asked.width > asked.height, seconds=row.seconds, published_at=row.published_at,
        engine=engine if is_rendered else str(maker.get("label", engine)), is_rendered=is_rendered, sha256=row.sha256,
        watermark=made.watermark if made else "", signed_at=signed.at if signed else None,
        read_by=tuple(signed.fact.engines) if signed else (),
    )  # fmt: skip
