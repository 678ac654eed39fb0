"""The review queue on the command line."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, get_args

from rich.table import Table

from moderation.commands import DecideCase, decide_case
from moderation.events import Decision
from moderation.queries import case, open_cases
from moderation.refusals import CaseNotFound
from moderation.serializers import CaseSerializer
from placet.cli.actor import ActingCommand, command_id, parse_uuid
from placet.cli.console import print_table
from placet.cli.wait import wait_until_projected
from placet.kernel.ids import CaseId
from placet.people.queries import Person


class Command(ActingCommand):
    help = "List and decide the cases that need a reviewer"
    group = "Actions"
    acts_as = "Cleo"
    needs = "case.list"

    def arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listed = self.verb(verbs, "list", "list open cases, oldest first")
        listed.add_argument("--include-zero-tolerance", action="store_true", help="include zero-tolerance cases")
        decide = self.verb(verbs, "decide", "decide a case")
        decide.add_argument("id", help="id of the case")
        decide.add_argument("decision", choices=get_args(Decision), help="decision; which ones fit depends on the case")
        decide.add_argument(
            "--reason",
            required=True,
            help="reason for the decision; stored encrypted and part of the statement of reasons",
        )

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        if options["verb"] == "decide":
            return self._decide(actor, parse_uuid(options["id"], "case", "placet cases list"), options)
        return {
            "cases": CaseSerializer(
                open_cases(include_zero_tolerance=options["include_zero_tolerance"]), many=True
            ).data
        }

    def _decide(self, actor: Person, case_id: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        row = case(case_id)
        if row is None:
            raise CaseNotFound
        decision = options["decision"]
        command = DecideCase(command_id(), CaseId(case_id), actor.person, decision, options["reason"], row.version)
        decide_case(self.log, command)
        wait_until_projected(self.tick)
        return {"id": case_id, "state": "decided", "decision": decision, "subject": row.subject}

    def show(self, answer: Mapping[str, Any]) -> None:
        if "cases" not in answer:
            super().show(answer)
            return
        table = Table("id", "kind", "code", "subject", "opened", box=None)
        for row in answer["cases"]:
            table.add_row(row["id"], row["kind"], row["code"], row["subject"], row["opened_at"])
        print_table(table)
