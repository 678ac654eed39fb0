"""Who is here."""

from collections.abc import Mapping
from typing import Any

from placet.cli.actor import ActingCommand
from placet.people.queries import Person, people


class Command(ActingCommand):
    help = "Everybody who has joined, with their roles"
    group = "Look"

    def act(self, actor: Person, **_options: Any) -> Mapping[str, Any]:  # noqa: ARG002  everyone sees the same
        found = sorted(people().values(), key=lambda one: str(one.name))
        return {"people": [{"id": one.person, "name": str(one.name), "roles": list(one.roles)} for one in found]}

    def show(self, answer: Mapping[str, Any]) -> None:
        for one in answer["people"]:
            self.stdout.write(f"{one['name']:<8} {', '.join(one['roles']) or 'no role':<16} {one['id']}")
