"""The cast: five people, the same in every test."""

from typing import Final
from uuid import UUID, uuid5

from placet.kernel.ids import PersonId

STAGE: Final = UUID("6f9d1c1e-6d0b-5b0a-9c0e-3a5b8f0f7a11")


def _person(name: str) -> PersonId:
    return PersonId(str(uuid5(STAGE, name)))


ANA: Final = _person("ana")  # her likeness
BEN: Final = _person("ben")  # creator
CLEO: Final = _person("cleo")  # reviewer
DARA: Final = _person("dara")  # rights holder
EVE: Final = _person("eve")  # no rights at all: the negative in every permission test
