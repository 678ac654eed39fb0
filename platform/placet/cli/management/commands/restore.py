"""Restore a backup and record in the log what was lost."""

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from rich.progress import Progress

from placet.cli.actor import map_errors
from placet.cli.command import CommandFailed, PlacetCommand
from placet.operations.backup.database import database, make_tables
from placet.operations.backup.progress import bars
from placet.operations.backup.restore import restore
from placet.runtime.postgres.dsn import dsn
from placet.runtime.postgres.paths import PostgresUnavailable


class Command(PlacetCommand):
    help = "Restore a backup while the install is stopped. The log records what was lost"
    group = "Operations"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", help="folder written by `placet backup`")
        parser.add_argument("--replace", action="store_true", help="overwrite the existing log")

    def answer(self, **options: Any) -> Mapping[str, Any]:
        home, folder = Path(settings.PLACET_DATA_DIR), Path(options["folder"]).resolve()
        try:
            with map_errors(), database(home, alone=True):
                make_tables(home)
                owner = psycopg.connect(dsn(home, "owner"), autocommit=True)
                with owner, Progress(console=self.console) as bar:
                    restored = restore(home, folder, owner, bars(bar), replace=options["replace"])
        except PostgresUnavailable as problem:
            raise CommandFailed(str(problem), "stop `placet up`, then try again", code="install_running") from None
        return asdict(restored)
