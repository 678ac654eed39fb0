"""Create an API token."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from placet.cli.actor import ActingCommand
from placet.people.queries import Person
from placet.people.tokens import LONGEST_DAYS, token_for


class Command(ActingCommand):
    help = "Create a bearer token for the API. It acts in the name of the user given with --as"
    group = "Operations"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days", type=int, default=30, help=f"days until it expires (default 30, at most {LONGEST_DAYS})"
        )

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        token, expires_at = token_for(actor.person, options["days"])
        return {"token": token, "name": str(actor.name), "expires_at": expires_at.isoformat()}
