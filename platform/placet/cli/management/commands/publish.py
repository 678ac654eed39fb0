"""A draft goes to the feed."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from placet.cli.actor import WAIT_SECONDS, ActingCommand, an_id, command_id
from placet.cli.generation_report import answer_of, tell_end
from placet.cli.wait import folded, follow
from placet.kernel.ids import GenerationId
from placet.people.queries import Person
from placet.studio.commands import publish


class Command(ActingCommand):
    help = "Show a draft of yours to everyone; the checks look once more where anything has changed"
    group = "Act"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="the draft")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        generation = an_id(options["id"], "generation", "placet ask")
        publish(self.log, GenerationId(generation), actor.person, command_id())
        told = follow(generation, self.tick, WAIT_SECONDS)
        folded(self.tick)
        return answer_of(told)

    def show(self, answer: Mapping[str, Any]) -> None:
        tell_end(answer)
