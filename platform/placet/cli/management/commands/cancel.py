"""Cancel a generation before it becomes a draft."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from placet.cli.actor import ActingCommand, command_id, parse_uuid
from placet.cli.wait import wait_until_projected
from placet.kernel.ids import GenerationId
from placet.people.queries import Person
from placet.studio.commands import cancel
from placet.studio.view_model import generation_view


class Command(ActingCommand):
    help = "Cancel your generation before it becomes a draft and release its quota"
    group = "Actions"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="id of the generation")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        generation = parse_uuid(options["id"], "generation", "placet generate")
        cancel(self.log, GenerationId(generation), actor.person, command_id())
        wait_until_projected(self.tick)
        return {"id": generation, "state": generation_view(generation).state}
