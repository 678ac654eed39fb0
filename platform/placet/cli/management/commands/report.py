"""Somebody reports a clip."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from moderation.commands import report
from placet.cli.actor import ActingCommand, command_id, parse_uuid
from placet.cli.wait import wait_until_projected
from placet.kernel.ids import GenerationId
from placet.people.queries import Person


class Command(ActingCommand):
    help = "Report a published clip; a reviewer decides"
    group = "Act"
    acts_as = "Ana"
    needs = "clip.report"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="the clip")
        parser.add_argument("--reason", required=True, help="in a word or two, for example: impersonation")
        parser.add_argument("--words", default="", help="more, in your own words")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        generation = parse_uuid(options["id"], "clip", "placet feed")
        reason, words = options["reason"], options["words"]
        report(self.log, GenerationId(generation), actor.person, reason, words, command_id())
        wait_until_projected(self.tick)
        return {"id": generation, "state": "reported"}
