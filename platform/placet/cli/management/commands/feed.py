"""The public feed."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from placet.cli.actor import ActingCommand
from placet.cli.export_clips import shown_to_all
from placet.feed.models import FeedRow
from placet.feed.queries import newest
from placet.people.queries import Person, people


class Command(ActingCommand):
    help = "List the feed, newest first, and save a copy of each clip"
    group = "Inspect"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, default=20, help="maximum number of clips (default 20)")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:  # noqa: ARG002  everyone sees the same
        rows = newest(settings.PLACET_DEFAULT_REGION, limit=options["limit"])
        names = people([str(row.requested_by) for row in rows])
        files = [(row, shown_to_all(str(row.generation))) for row in rows]
        return {"clips": [_clip(row, file, str(names[str(row.requested_by)].name)) for row, file in files if file]}


def _clip(row: FeedRow, file: str, by: str) -> dict[str, Any]:
    return {
        "id": str(row.generation),
        "file": file,
        "by": by,
        "seconds": row.seconds,
        "parent": str(row.parent) if row.parent else None,
        "published_at": row.published_at and row.published_at.isoformat(),
    }
