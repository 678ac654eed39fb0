"""The seed data."""

import pytest

from placet.cli.seed import CAST, person_of, seed, sign_in_links
from placet.eventlog.encryption.vault import install_vault
from placet.eventlog.store.log import current_log
from placet.people.models import Account
from placet.people.queries import find_by_name


@pytest.mark.usefixtures("fresh_database")
def test_it_is_created_once_and_everybody_can_sign_in() -> None:
    seed()
    seed()
    assert current_log().last_position == len(CAST)
    assert {str(account.person) for account in Account.objects.all()} == {person_of(name) for name in CAST}
    assert find_by_name("cleo").roles == ("reviewer",)


@pytest.mark.usefixtures("own_home", "fresh_database")
def test_an_erased_person_is_not_seeded_again() -> None:
    seed()
    install_vault().destroy(person_of("Ana"))
    seed()
    assert "Ana" not in {name for name, _, _ in sign_in_links()}
