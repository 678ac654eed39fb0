"""Publish a draft."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from placet.cli.actor import WAIT_SECONDS, ActingCommand, command_id, parse_uuid
from placet.cli.generation_report import print_outcome, to_answer
from placet.cli.wait import wait_until_ended, wait_until_projected
from placet.kernel.ids import GenerationId
from placet.people.queries import Person
from placet.studio.commands import publish


class Command(ActingCommand):
    help = "Publish your draft. Checks run again if anything they rely on has changed"
    group = "Actions"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="id of the draft")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        generation = parse_uuid(options["id"], "generation", "placet generate")
        publish(self.log, GenerationId(generation), actor.person, command_id())
        view = wait_until_ended(generation, self.tick, WAIT_SECONDS)
        wait_until_projected(self.tick)
        return to_answer(view)

    def show(self, answer: Mapping[str, Any]) -> None:
        print_outcome(answer)
