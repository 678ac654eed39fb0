"""The outbox: retry items that were given up."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from placet.cli.actor import ActingCommand
from placet.eventlog.consumers.redrive import retry_outbox
from placet.eventlog.store.connect import connect
from placet.people.queries import Person


class Command(ActingCommand):
    help = "Retry outbox items that failed for 24 hours and were given up"
    group = "Operations"
    acts_as = "Omar"
    needs = "operations.manage"

    def arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        retry = self.verb(verbs, "retry", "schedule the given-up items of a kind again")
        retry.add_argument("kind", help="kind of the items, for example mail")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:  # noqa: ARG002  the operator's right is enough
        with connect() as connection:
            return {"kind": options["kind"], "planned": retry_outbox(connection, options["kind"])}
