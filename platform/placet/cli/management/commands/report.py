"""Report a clip."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from moderation.commands import report
from placet.cli.actor import ActingCommand, command_id, parse_uuid
from placet.cli.wait import wait_until_projected
from placet.kernel.ids import GenerationId
from placet.people.queries import Person


class Command(ActingCommand):
    help = "Report a published clip to the reviewers"
    group = "Actions"
    acts_as = "Ana"
    needs = "clip.report"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="id of the clip")
        parser.add_argument("--reason", required=True, help="reason in a few words, for example: impersonation")
        parser.add_argument("--words", default="", help="details in your own words")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        generation = parse_uuid(options["id"], "clip", "placet feed")
        reason, words = options["reason"], options["words"]
        report(self.log, GenerationId(generation), actor.person, reason, words, command_id())
        wait_until_projected(self.tick)
        return {"id": generation, "state": "reported"}
