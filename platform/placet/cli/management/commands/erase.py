"""Erase a person and everything that belongs to them."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from placet.cli.actor import ActingCommand, command_id
from placet.cli.wait import wait_until_projected
from placet.eventlog.polling import wait_until
from placet.people.authorization import require_permission
from placet.people.commands import erasure_of, request_erasure
from placet.people.events import PersonErased
from placet.people.permissions import ResourceContext
from placet.people.queries import Person, find_by_name

ERASE_SECONDS = 120.0


class Command(ActingCommand):
    help = "Erase a person permanently: encryption key, files, clips and account. This cannot be undone"
    group = "Actions"
    acts_as = "Ana"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="person to erase: yourself, or anyone if you are an operator")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        person = find_by_name(options["name"]).person
        require_permission(self.account, "person.erase", ResourceContext(owner=person))
        request_erasure(self.log, person, actor.person, command_id())
        wait_until(lambda: self._erased(person) is not None, self.tick, ERASE_SECONDS)
        wait_until_projected(self.tick)
        erased = self._erased(person)
        return {
            "person": person,
            "state": "erased",
            "clips": erased.clips if erased else 0,
            "private_files": erased.private_files if erased else 0,
        }

    def _erased(self, person: str) -> PersonErased | None:
        facts = self.log.read(erasure_of(person)).facts
        return next((fact for fact in facts if isinstance(fact, PersonErased)), None)
