"""Clips in a backup: encrypted so that the erasure of any person whom one concerns makes the copy unreadable."""

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from placet.eventlog.encryption.vault import NONCE_BYTES, SubjectErased, Vault

KEY_BITS: Final = 256
NAMED: Final = """
SELECT stream, data FROM eventlog_event
WHERE type IN ('studio.generation_requested.v1', 'studio.generation_rendered.v1', 'studio.generation_signed.v1')
ORDER BY stream, version
"""


@dataclass(frozen=True, slots=True)
class EncryptedClip:
    """A clip in a backup. `key` is encrypted for each person in turn: decrypting it takes all of them."""

    people: tuple[str, ...]
    key: str
    data: bytes


def concerned(connection: psycopg.Connection[Any]) -> dict[str, set[str]]:
    """SHA-256 of every clip that the log names -> its requester and the people it shows."""
    found: dict[str, set[str]] = {}
    of_stream: dict[str, set[str]] = {}
    for stream, data in connection.execute(NAMED):
        fact = json.loads(bytes(data))
        if "requested_by" in fact:
            of_stream[stream] = {str(fact["requested_by"]), *map(str, fact["cameos"])}
        else:
            found.setdefault(str(fact["sha256"]), set()).update(of_stream[stream])
    return found


def encrypt_clip(vault: Vault, name: str, people: Sequence[str], clip: bytes) -> EncryptedClip | None:
    """None when one of the people was erased: then the clip is in no backup."""
    fresh, nonce = AESGCM.generate_key(KEY_BITS), secrets.token_bytes(NONCE_BYTES)
    key = fresh
    try:
        for person in people:
            key = vault.encrypt(person, key, _bound_to(name))
    except SubjectErased:
        return None
    return EncryptedClip(
        tuple(people), b64encode(key).decode(), nonce + AESGCM(fresh).encrypt(nonce, clip, _bound_to(name))
    )


def decrypt_clip(vault: Vault, name: str, encrypted: EncryptedClip) -> bytes | None:
    """None when one of the people was erased since."""
    key: bytes | None = b64decode(encrypted.key)
    for person in reversed(encrypted.people):
        key = vault.decrypt(person, key, _bound_to(name)) if key is not None else None
    if key is None:
        return None
    return AESGCM(key).decrypt(encrypted.data[:NONCE_BYTES], encrypted.data[NONCE_BYTES:], _bound_to(name))


def _bound_to(name: str) -> bytes:
    return f"backup|{name}".encode()
