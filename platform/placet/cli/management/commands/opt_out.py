"""Rights holders: file, list and end opt-outs."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from rich.table import Table

from placet.cli.actor import ActingCommand, command_id, parse_uuid
from placet.cli.console import print_table
from placet.cli.wait import wait_until_projected
from placet.eventlog.store.event import stream_name
from placet.kernel.ids import FilingId
from placet.people.authorization import require_permission
from placet.people.permissions import ResourceContext, can
from placet.people.queries import Person
from placet.rights.aggregate import Filing
from placet.rights.commands import FileOptOut, end_opt_out, file_opt_out
from placet.rights.events import OptOutFiled
from placet.rights.queries import filings_of
from placet.rights.serializers import FilingSerializer
from placet.web.engine_vocabulary import engine_words


class Command(ActingCommand):
    help = "File, list and end opt-outs of a character or work from generation and training"
    group = "Actions"
    acts_as = "Dara"

    def arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        file = self.verb(
            verbs, "file", "file an opt-out; active at once unless it is too broad, then a reviewer decides"
        )
        file.add_argument("--character", required=True, metavar="NAME", help="name of the character or work")
        file.add_argument("--alias", action="append", default=[], metavar="NAME", help="another name; repeat for more")
        file.add_argument(
            "--describe",
            default="",
            metavar="TEXT",
            help="describe the look, so that prompts without the name match too",
        )
        file.add_argument("--regions", default="*", help="comma-separated country codes (default: everywhere)")
        file.add_argument("--until", metavar="DATE", help="last day, for example 2030-12-31 (default: no end)")
        file.add_argument("--statement", default="", help="why you hold the rights; stored encrypted")
        self.verb(verbs, "list", "list your opt-outs")
        self.verb(verbs, "end", "end an opt-out of yours").add_argument("id", help="id of the opt-out")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        match options["verb"]:
            case "file":
                return self._file(actor, options)
            case "end":
                return self._end(actor, options["id"])
        require_permission(self.account, "opt_out.list")
        rows = filings_of(actor.person)
        return {"filings": FilingSerializer(rows, many=True).data}

    def _file(self, actor: Person, options: Mapping[str, Any]) -> Mapping[str, Any]:
        require_permission(self.account, "opt_out.file")
        command = FileOptOut(
            id=command_id(),
            holder=actor.person,
            names=(options["character"], *options["alias"]),
            description=options["describe"],
            regions=tuple(code.strip() for code in options["regions"].split(",")),
            until=options["until"],
            statement=options["statement"],
        )
        filing, state = file_opt_out(self.log, command, engine_words())
        wait_until_projected(self.tick)
        reason = Filing.replay(self.log.read(stream_name(OptOutFiled, filing))).reason
        return {"id": filing, "state": state, "reason": reason}

    def _end(self, actor: Person, text: str) -> Mapping[str, Any]:
        filing = parse_uuid(text, "filing", "placet opt-out list")
        is_operator = can(self.account, "opt_out.end", ResourceContext(owner="nobody"))
        end_opt_out(self.log, FilingId(filing), actor.person, command_id(), is_operator=is_operator)
        wait_until_projected(self.tick)
        return {"id": filing, "state": "ended", "reason": ""}

    def show(self, answer: Mapping[str, Any]) -> None:
        if "filings" not in answer:
            super().show(answer)
            return
        table = Table("id", "names", "state", "stopped", box=None)
        for row in answer["filings"]:
            table.add_row(row["id"], ", ".join(row["names"]), row["state"], str(row["stopped"]))
        print_table(table)
