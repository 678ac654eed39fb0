"""A person's notices."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from placet.cli.actor import ActingCommand
from placet.cli.console import print_table
from placet.notices.queries import notices_of
from placet.notices.serializers import NoticeSerializer
from placet.people.queries import Person


class Command(ActingCommand):
    help = "List every use of your likeness by number: requested, drafted, published, blocked"
    group = "Inspect"
    acts_as = "Ana"
    needs = "notices.view"

    def act(self, actor: Person, **_options: Any) -> Mapping[str, Any]:
        return {"notices": [NoticeSerializer(notice).data for notice in notices_of(actor.person)]}

    def show(self, answer: Mapping[str, Any]) -> None:
        table = Table("no.", "stage", "requested by", "code", "at", "clip", box=None)
        for row in answer["notices"]:
            table.add_row(
                str(row["number"]), row["stage"], row["requested_by"], row["code"], row["at"], row["generation"]
            )  # fmt: skip
        print_table(table)
