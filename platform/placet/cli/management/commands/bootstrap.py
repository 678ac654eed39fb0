"""Bring the database up to date before the first request. The supervisor runs it; an operator may too."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from placet.cli.command import CommandFailed, PlacetCommand
from placet.cli.seed import seed
from placet.eventlog.projections.rebuild import rebuild
from placet.eventlog.projections.runner import PROJECTIONS, is_outdated
from placet.runtime.install.earlier_release import refuse_earlier_release
from placet.runtime.postgres.dsn import dsn


class Command(PlacetCommand):
    help = "Migrate the database, rebuild outdated projections and create the seed data if it is missing"
    group = "Internal"

    def answer(self, **_options: Any) -> Mapping[str, Any]:
        migrated = migrate_as_owner()
        rebuilt = rebuild_outdated()
        seed()
        return {"migrated": migrated, "rebuilt": rebuilt, "seeded": True}

    def show(self, answer: Mapping[str, Any]) -> None:
        if answer["migrated"]:
            self.stdout.write("The tables are up to date.")
        for name in answer["rebuilt"]:
            self.stdout.write(f"{name} was rebuilt for this version of the code.")


def rebuild_outdated() -> list[str]:
    """Rebuild projections that another version of the code wrote, before the first read."""
    outdated = [target for target in PROJECTIONS.values() if is_outdated(target)]
    if outdated:
        with psycopg.connect(dsn(Path(settings.PLACET_DATA_DIR), "owner"), autocommit=True) as owner:
            for target in outdated:
                rebuild(target, owner)
    return [target.name for target in outdated]


def migrate_as_owner() -> bool:
    """Apply missing migrations, in a process that signs in as the tables' owner. True when there were any.

    Raises `InstallTooOld`: then nothing was applied.
    """
    with connection.cursor() as cursor:
        refuse_earlier_release(Path(settings.PLACET_DATA_DIR), cursor)
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    connection.close()
    words = [sys.executable, "-m", "placet", "migrate", "--no-input", "--verbosity", "0"]
    done = subprocess.run(
        words, env={**os.environ, "PLACET_DATABASE_ROLE": "owner"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandFailed(f"The migration failed.\n{done.stderr.strip()}", "placet migrate")
    return True
