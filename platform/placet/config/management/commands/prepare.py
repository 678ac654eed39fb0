"""What a start needs before its first request. The supervisor calls it; it may be called by hand."""

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from placet.config.command import CommandFailed, PlacetCommand
from placet.config.lazily import called


class Command(PlacetCommand):
    help = "Bring the tables up to date and make the seeded world, if either is missing"
    group = "Inner workings"

    def answer(self, **_options: Any) -> Mapping[str, Any]:
        migrated = migrate_as_owner()
        seed = called("placet.config.seed", "seed")
        if seed is not None:
            seed()
        return {"migrated": migrated, "seeded": seed is not None}

    def show(self, answer: Mapping[str, Any]) -> None:
        if answer["migrated"]:
            self.stdout.write("The tables are up to date.")


def migrate_as_owner() -> bool:
    """Apply what is missing, in a process that signs in as the tables' owner. True when something was."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    connection.close()
    words = [sys.executable, "-m", "placet.config", "migrate", "--no-input", "--verbosity", "0"]
    done = subprocess.run(
        words, env={**os.environ, "PLACET_DATABASE_ROLE": "owner"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandFailed(f"The tables could not be brought up to date.\n{done.stderr.strip()}", "placet migrate")
    return True
