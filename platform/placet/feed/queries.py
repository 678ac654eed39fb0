"""Named reads of the feed."""

from placet.feed.models import FeedRow


def newest(before: int | None = None, limit: int = 10) -> list[FeedRow]:
    """Shown clips, newest first, before a position."""
    rows = FeedRow.objects.filter(is_shown=True)
    if before is not None:
        rows = rows.filter(position__lt=before)
    return list(rows.order_by("-position")[:limit])
