"""Create sign-in links."""

from collections.abc import Mapping
from typing import Any

from placet.cli.actor import ActingCommand
from placet.cli.seed import sign_in_links
from placet.people.queries import Person


class Command(ActingCommand):
    help = "Create a one-time sign-in link for each seeded user"
    group = "Getting started"

    def act(self, actor: Person, **_options: Any) -> Mapping[str, Any]:  # noqa: ARG002  the operator's own machine
        return {"links": [{"name": n, "role": role, "link": link} for n, role, link in sign_in_links()]}

    def show(self, answer: Mapping[str, Any]) -> None:
        for row in answer["links"]:
            self.stdout.write(f"{row['name']} ({row['role']})\n  {row['link']}")
