"""Named reads of the rights room."""

from placet.rights.models import FilingRow


def filings_of(holder: str | None = None, limit: int = 200) -> list[FilingRow]:
    """Filings of one holder (or all), newest first."""
    rows = FilingRow.objects.order_by("-filed_at")
    return list((rows.filter(holder=holder) if holder else rows)[:limit])


def filing(filing_id: str) -> FilingRow | None:
    """One filing."""
    return FilingRow.objects.filter(filing=filing_id).first()
