"""Seed data: one person per role, with mail addresses that reach no one. Safe to run again."""

import uuid
from pathlib import Path
from typing import Final

from django.conf import settings

from placet.eventlog.encryption.vault import install_vault
from placet.eventlog.projections.runner import Projector
from placet.eventlog.store.connect import connect
from placet.eventlog.store.log import current_log
from placet.eventlog.store.sequencer import Sequencer
from placet.kernel.ids import PersonId
from placet.people.commands import join
from placet.people.events import PersonJoined
from placet.people.projections import ACCOUNTS
from placet.people.sign_in import link_for
from placet.runtime.install.paths import make_secret

CAST: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "Ana": (("creator",), "creator; has a likeness to grant"),
    "Ben": (("creator",), "creator"),
    "Cleo": (("reviewer",), "reviewer"),
    "Dara": (("rights_holder",), "rights holder"),
    "Eve": (("creator",), "creator without any grant"),
    "Omar": (("operator",), "operator"),
}


def seed() -> None:
    """Everybody joins once and can sign in before any other process has started. Erased people stay erased."""
    log = current_log()
    for name, (roles, _) in _cast():
        fact = PersonJoined(person_of(name), name, f"{name.lower()}@example.org", roles)
        join(log, fact, _id_of(f"{name} joins"))
    _fold_accounts()


def person_of(name: str) -> PersonId:
    """The id of one person of the cast: the same at every run, different in every install."""
    return PersonId(_id_of(name))


def sign_in_links() -> list[tuple[str, str, str]]:
    """(name, role in words, one-time link) of each person of the cast."""
    return [(name, role, link_for(person_of(name))) for name, (_, role) in _cast()]


def _cast() -> list[tuple[str, tuple[tuple[str, ...], str]]]:
    return [(name, role) for name, role in CAST.items() if not install_vault().is_erased(person_of(name))]


def _id_of(what: str) -> str:
    install = make_secret(Path(settings.PLACET_DATA_DIR), "install.secret")
    return str(uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_OID, install), what))


def _fold_accounts() -> None:
    with connect() as connection:
        Sequencer(connection).run_once()
    while Projector([ACCOUNTS]).run_once():
        pass
