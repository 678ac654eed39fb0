"""Leaves: the exact bytes of an event in the tree. Ciphertext is hashed as stored, never decrypted.

A leaf is canonical JSON of exactly these eight members. `index` in the tree is `position - 1`.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from placet.eventlog.store.canonical_json import canonical

MEMBERS: Final = frozenset({"event_id", "type", "stream", "version", "position", "recorded_at", "data", "encrypted"})


@dataclass(frozen=True, slots=True)
class Leaf:
    """`data` and `encrypted` are lower-case hex SHA-256 of the stored bytes."""

    event_id: str
    type: str
    stream: str
    version: int
    position: int
    recorded_at: str
    data: str
    encrypted: tuple[str, ...]


def leaf_bytes(leaf: Leaf) -> bytes:
    return canonical({name: getattr(leaf, name) for name in MEMBERS})


def read_leaf(content: bytes) -> Leaf:
    """A leaf from its bytes. Raises `ValueError` unless they are exactly those of `leaf_bytes`."""
    found = json.loads(content)
    if not isinstance(found, dict) or found.keys() != MEMBERS or not isinstance(found["encrypted"], list):
        raise ValueError("a leaf has exactly eight members")
    leaf = Leaf(**{**found, "encrypted": tuple(found["encrypted"])})
    if leaf_bytes(leaf) != content or type(leaf.position) is not int:
        raise ValueError("a leaf is canonical JSON")
    return leaf


def moment(at: datetime) -> str:
    """Text form of a time: `2030-12-31T23:59:59.000001Z`."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def segments(encrypted: bytes | None) -> list[bytes]:
    """The encrypted segments of an event, each as the bytes that are hashed."""
    return [canonical(one) for one in json.loads(encrypted)] if encrypted is not None else []


def hex_hashes(parts: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(hashlib.sha256(part).hexdigest() for part in parts)


def leaf_of(row: tuple[Any, ...]) -> Leaf:
    """From the columns of `tree_store.LEAVES`."""
    position, event_id, stream, version, kind, at, data, encrypted = row
    return Leaf(
        str(event_id), kind, stream, version, position, moment(at), bytes(data).hex(), hex_hashes(segments(encrypted))
    )
