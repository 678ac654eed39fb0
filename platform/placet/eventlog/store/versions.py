"""Match stored event types to subscribed types across all versions, also versions this release does not know.

An old version is read as the newest. After a rollback the log holds versions newer than this release: a subscriber must
wait there, because an event passed over would never be processed, even after the newer release is back. Types without
any known version have no subscriber: a release that adds them has a new consumer, or a new version of a projection.
"""

from collections.abc import Iterable
from typing import Final

from placet.eventlog.store.event import TYPES
from placet.eventlog.store.upcast import newest_name

MAX_AHEAD: Final = 20
"""Number of newer versions to wait for; no release is that far behind another."""


def every_version(types: Iterable[str]) -> frozenset[str]:
    """The names of all versions of these types, past and future."""
    return frozenset(
        f"{base}.v{n}" for base, version in map(_split_version, types) for n in range(1, int(version) + MAX_AHEAD + 1)
    )


def kind_of(stored: str) -> str:
    """A type without its version number."""
    return stored.rstrip("0123456789")


def is_unknown_version(stored: str, types: Iterable[str]) -> bool:
    """Whether a stored type is an unknown version of one of these types."""
    return newest_name(stored) not in TYPES and _split_version(stored)[0] in {_split_version(name)[0] for name in types}


def _split_version(type_name: str) -> tuple[str, str]:
    base, _, version = type_name.rpartition(".v")
    return base, version
