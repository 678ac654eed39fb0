"""Which stored events concern whoever answers some types: also their other versions, even those not known here.

An old version is read as the newest. A newer one than this code knows is in the log after a rollback: whoever answers
the type must wait there, for passed over it would never be answered, not even once the newer code is back. Types of
which no version is known are nobody's here: code that learns them is a new consumer, or a new version of a projection.
"""

from collections.abc import Iterable
from typing import Final

from placet.eventlog.store.event import TYPES
from placet.eventlog.store.upcast import newest_name

AHEAD: Final = 20
"""Newer versions that are waited for; no release is that far behind another."""


def every_version(types: Iterable[str]) -> frozenset[str]:
    """These types under the names of all their versions, past and to come."""
    return frozenset(
        f"{base}.v{n}" for base, version in map(_parted, types) for n in range(1, int(version) + AHEAD + 1)
    )


def kind_of(stored: str) -> str:
    """A type without the number of its version."""
    return stored.rstrip("0123456789")


def is_unknown_version(stored: str, types: Iterable[str]) -> bool:
    """Whether a stored type is a version, not known here, of one of these types."""
    return newest_name(stored) not in TYPES and _parted(stored)[0] in {_parted(name)[0] for name in types}


def _parted(type_name: str) -> tuple[str, str]:
    base, _, version = type_name.rpartition(".v")
    return base, version
