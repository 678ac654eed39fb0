"""The timeline of a generation."""

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich.table import Table

from placet.cli.actor import ActingCommand, parse_uuid
from placet.cli.console import print_table
from placet.people.authorization import require_permission
from placet.people.permissions import ResourceContext, can
from placet.people.queries import Person
from placet.studio.view_model import generation_view
from placet.web.timeline import timeline_of


class Command(ActingCommand):
    help = "Show every event of a generation in order, with its cause and the consumer or person behind it"
    group = "Inspect"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="id of the generation")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        found = generation_view(parse_uuid(options["id"], "generation", "placet feed"))
        thing = ResourceContext(owner=found.requested_by, depicted=frozenset(found.cameos))
        require_permission(self.account, "timeline.view", thing)
        sees_all = can(self.account, "generation.view", thing)
        events = timeline_of(found.id, lambda subject: sees_all or subject == actor.person)
        return {
            "id": found.id,
            "state": found.state,
            "events": [{**asdict(event), "at": event.at.isoformat()} for event in events],
        }

    def show(self, answer: Mapping[str, Any]) -> None:
        table = Table("position", "time", "event", "stream", "cause", "by", box=None)
        for row in answer["events"]:
            kind = row["stream"].removesuffix(f"-{answer['id']}")
            at = row["at"][11:23]
            table.add_row(str(row["position"] or ""), at, row["event"], kind, row["cause"], row["by"])
        print_table(table)
        self.stdout.write(f"{answer['id']} is {answer['state']}.")
