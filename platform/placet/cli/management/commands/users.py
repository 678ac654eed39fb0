"""Users and their roles."""

from collections.abc import Mapping
from typing import Any

from placet.cli.actor import ActingCommand
from placet.people.queries import Person, people


class Command(ActingCommand):
    help = "List all users and their roles"
    group = "Inspect"

    def act(self, actor: Person, **_options: Any) -> Mapping[str, Any]:  # noqa: ARG002  everyone sees the same
        found = sorted(people().values(), key=lambda one: str(one.name))
        return {"users": [{"id": one.person, "name": str(one.name), "roles": list(one.roles)} for one in found]}

    def show(self, answer: Mapping[str, Any]) -> None:
        for one in answer["users"]:
            self.stdout.write(f"{one['name']:<8} {', '.join(one['roles']) or 'no role':<16} {one['id']}")
