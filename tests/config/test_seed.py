"""The seeded world."""

import pytest

from placet.config.seed import CAST, person_of, seed
from placet.eventlog.log import current_log
from placet.people.models import Account
from placet.people.queries import named


@pytest.mark.usefixtures("fresh_database")
def test_it_is_made_once_and_everybody_can_sign_in_at_once() -> None:
    seed()
    seed()
    assert current_log().last_position == len(CAST)
    assert {str(account.person) for account in Account.objects.all()} == {person_of(name) for name in CAST}
    assert named("cleo").roles == ("reviewer",)
