"""Appeal a refusal."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from moderation.commands import file_appeal
from placet.cli.actor import ActingCommand, command_id, parse_uuid
from placet.cli.wait import wait_until_projected
from placet.kernel.ids import GenerationId
from placet.people.queries import Person


class Command(ActingCommand):
    help = "Appeal a refusal in your own words. A reviewer who did not handle it before decides"
    group = "Actions"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="id of the refused generation")
        parser.add_argument("words", help="why the refusal is wrong")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        generation = parse_uuid(options["id"], "generation", "placet generate")
        file_appeal(self.log, GenerationId(generation), actor.person, options["words"], command_id())
        wait_until_projected(self.tick)
        return {"id": generation, "state": "appealed"}
