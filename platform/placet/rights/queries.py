"""Queries of the rights room."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import Stream, current_log
from placet.rights.aggregate import OPT_OUTS, Filing, in_force
from placet.rights.events import OptOutEnded, OptOutFiled
from placet.rights.models import FilingRow


def filings_of(holder: str | None = None, limit: int = 200) -> list[FilingRow]:
    """Filings of one holder (or all), newest first."""
    rows = FilingRow.objects.order_by("-filed_at")
    return list((rows.filter(holder=holder) if holder else rows)[:limit])


def filing(filing_id: str) -> FilingRow | None:
    """One filing."""
    return FilingRow.objects.filter(filing=filing_id).first()


@dataclass(frozen=True, slots=True)
class FilingView:
    """A filing from the log itself, with the counts of the read model."""

    filed: OptOutFiled
    state: str
    reason: str
    filed_at: datetime
    event: str
    """Id of the event that filed it; its holder can get a receipt for it."""
    stopped: int
    matches: tuple[dict[str, Any], ...]


def filing_view(filing_id: str) -> FilingView | None:
    """One filing as its page shows it, read from the log so that it is never stale."""
    log = current_log()
    stream = log.read(stream_name(OptOutFiled, filing_id))
    aggregate = Filing.replay(stream)
    if aggregate.filed is None:
        return None
    row = filing(filing_id)
    state = _state(aggregate.state, filing_id, log.read(OPT_OUTS))
    counted = (row.stopped, tuple(row.matches)) if row else (0, ())
    return FilingView(
        aggregate.filed, state, aggregate.reason, stream.events[0].at, stream.events[0].event_id, *counted
    )


def _state(state: str, filing_id: str, opt_outs: Stream) -> str:
    if filing_id in in_force(opt_outs):
        return "in_force"
    is_ended = any(isinstance(f, OptOutEnded) and f.filing == filing_id for f in opt_outs.facts)
    return "ended" if is_ended else state
