"""An end before there is a draft."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from placet.cli.actor import ActingCommand, an_id, command_id
from placet.cli.wait import folded
from placet.kernel.ids import GenerationId
from placet.people.queries import Person
from placet.studio.commands import cancel
from placet.studio.view_model import told


class Command(ActingCommand):
    help = "End a generation of yours before it is a draft; its quota is given back"
    group = "Act"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="the generation")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        generation = an_id(options["id"], "generation", "placet ask")
        cancel(self.log, GenerationId(generation), actor.person, command_id())
        folded(self.tick)
        return {"id": generation, "state": told(generation).state}
