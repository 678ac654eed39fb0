"""Queries of the people room. Names are decrypted from the log at each read; no table holds them."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from placet.eventlog.store.event import Erased, stream_name
from placet.eventlog.store.log import current_log
from placet.kernel.ids import PersonId
from placet.people.events import PersonJoined
from placet.people.models import Account
from placet.people.refusals import PersonNotFound


@dataclass(frozen=True, slots=True)
class Person:
    """A person as pages show them."""

    person: PersonId
    name: str | Erased
    roles: tuple[str, ...]

    @property
    def initial(self) -> str:
        """First letter of the name, for an avatar."""
        return str(self.name)[:1].upper()


def people(persons: list[str] | None = None) -> dict[str, Person]:
    """The people of these ids (or all), by id."""
    wanted = persons if persons is not None else [str(p) for p in Account.objects.values_list("person", flat=True)]
    found = {}
    for stream in current_log().read_many(stream_name(PersonJoined, p) for p in wanted).values():
        for fact in stream.facts[:1]:
            if isinstance(fact, PersonJoined):
                found[str(fact.person)] = Person(fact.person, fact.name, fact.roles)
    return found


def person(person_id: str) -> Person:
    """One person. Raises `PersonNotFound`."""
    try:
        return people([person_id])[person_id]
    except KeyError:
        raise PersonNotFound from None


def find_by_name(name: str) -> Person:
    """The person with this name, ignoring case. Raises `PersonNotFound`."""
    for one in people().values():
        if not isinstance(one.name, Erased) and one.name.casefold() == name.strip().casefold():
            return one
    raise PersonNotFound(f"There is no person named {name!r}.")


def name_of(person_id: str) -> str:
    """The display name of one person."""
    return display_name(people([person_id]), person_id)


def display_name(known: Mapping[str, Person], person_id: str) -> str:
    """The name for an id, given the people that were looked up."""
    return str(known[person_id].name) if person_id in known else _("someone who left")
