"""Back up the log, clips, private files and keys while the install runs."""

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from rich.progress import Progress

from placet.cli.actor import map_errors
from placet.cli.command import CommandFailed, PlacetCommand
from placet.operations.backup.create import make
from placet.operations.backup.database import database
from placet.operations.backup.progress import bars
from placet.runtime.postgres.dsn import dsn
from placet.runtime.postgres.paths import PostgresUnavailable


class Command(PlacetCommand):
    help = "Back up the log, clips, private files and signing keys to a folder. The install may keep running"
    group = "Operations"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", help="new folder for the backup, best on another disk")

    def answer(self, **options: Any) -> Mapping[str, Any]:
        home, folder = Path(settings.PLACET_DATA_DIR), Path(options["folder"]).resolve()
        try:
            with map_errors(), database(home), Progress(console=self.console) as bar, psycopg.connect(dsn(home)) as log:
                made = make(home, folder, log, bars(bar))
        except PostgresUnavailable as problem:
            raise CommandFailed(str(problem), "placet doctor", code="not_started") from None
        return {
            "folder": str(folder),
            "positions": made.size,
            "pending": made.pending,
            "clips": len(made.clips),
            "files": len(made.files),
        }
