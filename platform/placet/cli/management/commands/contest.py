"""A refusal is said to be wrong."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from moderation.commands import contest
from placet.cli.actor import ActingCommand, an_id, command_id
from placet.cli.wait import folded
from placet.kernel.ids import GenerationId
from placet.people.queries import Person


class Command(ActingCommand):
    help = "Say in your own words why a refusal is wrong; a reviewer who has not seen it decides"
    group = "Act"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="the refused generation")
        parser.add_argument("words", help="why the refusal is wrong")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        generation = an_id(options["id"], "generation", "placet ask")
        contest(self.log, GenerationId(generation), actor.person, options["words"], command_id())
        folded(self.tick)
        return {"id": generation, "state": "contested"}
